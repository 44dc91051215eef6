# Both ends of net.matrix in one process and one loop, for hosts with perl and no Python; the same as core/facts/matrix.py,
# with the modules of perl-base only. core/facts/matrix.sh says what is spoken; it puts a line with the variables $mark,
# $token, @ports and $limit before this text, and the link to imops is descriptor 3.
# Ends with the link, with its shell, and after $limit seconds. Status 9: something went wrong after it had begun.
use strict;
use warnings;
use Errno qw(EADDRINUSE EACCES EPERM ECONNREFUSED ETIMEDOUT EHOSTUNREACH ENETUNREACH ENETDOWN EINPROGRESS EAGAIN EINTR);
use Fcntl qw(F_GETFL F_SETFL O_NONBLOCK);
use Socket qw(:DEFAULT :addrinfo IPPROTO_IPV6 IPV6_V6ONLY);

my ($connect, $answer, $guest, $name_limit, $at_once, $most_guests) = (3, 2, 2, 4, 64, 400);
my ($end, $parent, $going, $done, $input) = (time + $limit, getppid, 0, 0, "");
my (%listeners, %guests, %dials, %names, %waiting, %known, @queue); # by descriptor, by name
open(my $link, "<&=", 3) or exit 1;

# Time::HiRes is not everywhere; whole seconds, one added to each limit, do as well.
sub by { return time + $_[0] + 1 }

sub say_it {
    my $line = "\n" . join(" ", $mark, @_) . "\n";
    syswrite(STDOUT, $line);
}

sub shown { # foreign bytes, fit to be printed
    my $s = substr($_[0], 0, 80);
    $s =~ s/[^\x20-\x7e]/ /g;
    $s =~ s/^ +| +$//g;
    return $s;
}

sub free { # does not block from now on
    my ($sock) = @_;
    fcntl($sock, F_SETFL, fcntl($sock, F_GETFL, 0) | O_NONBLOCK);
}

sub listen_on {
    my ($port) = @_;
    my $last = 0;
    for my $family (AF_INET6, AF_INET) {
        my $six = $family == AF_INET6;
        if (socket(my $sock, $family, SOCK_STREAM, 0)) {
            setsockopt($sock, SOL_SOCKET, SO_REUSEADDR, pack("i", 1));
            setsockopt($sock, IPPROTO_IPV6, IPV6_V6ONLY, pack("i", 0)) if $six;
            my $where = $six ? Socket::pack_sockaddr_in6($port, Socket::IN6ADDR_ANY()) : pack_sockaddr_in($port, INADDR_ANY);
            if (bind($sock, $where) && listen($sock, 128)) {
                free($sock);
                $listeners{fileno $sock} = $sock;
                return;
            }
        }
        $last = $! + 0;
        last if $last == EADDRINUSE || $last == EACCES || $last == EPERM;
    }
    return say_it("held", $port) if $last == EADDRINUSE;
    return say_it("no_root", $port) if $last == EACCES || $last == EPERM;
    $! = $last;
    say_it("failed", $port, "$!");
}

sub dial_ends {
    my ($dial, @words) = @_;
    if ($dial->{sock}) {
        delete $dials{fileno $dial->{sock}};
        close $dial->{sock};
    }
    say_it($dial->{number}, @words);
}

sub dial_failed {
    my ($dial, $code) = @_;
    if ($dial->{sock}) {
        delete $dials{fileno $dial->{sock}};
        close delete $dial->{sock};
    }
    return dial_starts($dial) if @{$dial->{found}};
    return dial_ends($dial, "refused") if $code == ECONNREFUSED;
    return dial_ends($dial, "timed_out") if $code == ETIMEDOUT;
    my $unreachable = grep { $code == $_ } EHOSTUNREACH, ENETUNREACH, ENETDOWN, EACCES, EPERM;
    $! = $code;
    dial_ends($dial, $unreachable ? "unreachable" : "error", "$!");
}

sub dial_starts {
    my ($dial) = @_;
    my $found = shift @{$dial->{found}};
    $dial->{until} ||= by($connect);
    socket(my $sock, $found->{family}, SOCK_STREAM, 0) or return dial_failed($dial, $! + 0);
    $dial->{sock} = $sock;
    free($sock);
    my $where = $found->{addr};
    if ($found->{family} == AF_INET) {
        $where = pack_sockaddr_in($dial->{port}, (unpack_sockaddr_in($where))[1]);
    } else {
        my (undef, $address, $scope, $flow) = Socket::unpack_sockaddr_in6($where);
        $where = Socket::pack_sockaddr_in6($dial->{port}, $address, $scope, $flow);
    }
    return dial_failed($dial, $! + 0) unless connect($sock, $where) || $! == EINPROGRESS;
    $dials{fileno $sock} = $dial;
}

sub dial_writable {
    my ($dial) = @_;
    my $code = unpack("i", getsockopt($dial->{sock}, SOL_SOCKET, SO_ERROR));
    return dial_failed($dial, $code) if $code;
    return dial_ends($dial, "open") if $dial->{expected} eq "-"; # nobody of ours is there
    $dial->{connected} = 1;
    $dial->{until} = by($answer);
}

sub dial_readable {
    my ($dial) = @_;
    my $n = sysread($dial->{sock}, $dial->{data}, 4096, length $dial->{data});
    if (!defined $n) {
        dial_ends($dial, "other", "$!") unless $! == EAGAIN || $! == EINTR;
        return;
    }
    my ($line) = split /\s*\n/, $dial->{data}, 2;
    return dial_ends($dial, "ok") if defined $line && $line eq $dial->{expected};
    return if $n && $dial->{data} !~ /\n/ && length $dial->{data} <= 1000;
    my $seen = shown($dial->{data});
    dial_ends($dial, "other", $seen eq "" ? "it closed at once" : $seen);
}

sub dial_late {
    my ($dial) = @_;
    return dial_ends($dial, "timed_out") unless $dial->{connected};
    my $seen = shown($dial->{data});
    dial_ends($dial, "other", $seen eq "" ? "nothing came" : $seen);
}

sub addresses {
    my ($name, $flags) = @_;
    my ($error, @found) = getaddrinfo($name, "1", {socktype => SOCK_STREAM, flags => $flags});
    return $error ? () : @found;
}

# Looking up a name blocks, so a child does it. It keeps nothing open and ends by itself.
sub ask_name {
    my ($name) = @_;
    pipe(my $ours, my $theirs) or die "pipe: $!";
    my $pid = fork;
    die "fork: $!" unless defined $pid;
    if ($pid) {
        close $theirs;
        $names{fileno $ours} = {pipe => $ours, name => $name, pid => $pid, until => by($name_limit), data => ""};
        return;
    }
    alarm $name_limit + 2;
    close $_ for $link, values %listeners, values(%guests) ? map { $_->{sock} } values %guests : (), *STDOUT, *STDERR;
    for my $found (grep { defined } (addresses($name, 0))[0 .. 3]) {
        my ($error, $text) = Socket::getnameinfo($found->{addr}, Socket::NI_NUMERICHOST() | Socket::NI_NUMERICSERV());
        syswrite($theirs, "$text\n") unless $error;
    }
    kill "KILL", $$; # no destructors: what they close is the parent's
}

sub named {
    my ($fd, $why) = @_;
    my $asked = delete $names{$fd};
    close $asked->{pipe};
    kill "KILL", $asked->{pid};
    waitpid $asked->{pid}, 0;
    my $name = $asked->{name};
    $known{$name} = [map { addresses($_, AI_NUMERICHOST) } split /\n/, $asked->{data}];
    for my $dial (@{delete $waiting{$name}}) {
        if (@{$known{$name}}) { push @queue, $dial }
        else { dial_ends($dial, "error", "the name $name $why") }
    }
}

sub begin_dial {
    my ($dial) = @_;
    my $name = $dial->{address};
    if (!$known{$name}) {
        my @numeric = addresses($name, AI_NUMERICHOST);
        if (!@numeric) {
            ask_name($name) unless $waiting{$name};
            push @{$waiting{$name}}, $dial;
            return;
        }
        $known{$name} = \@numeric;
    }
    return dial_ends($dial, "error", "the name $name is not known there") unless @{$known{$name}};
    $dial->{found} = [@{$known{$name}}];
    dial_starts($dial);
}

sub welcome {
    my ($listener) = @_;
    accept(my $sock, $listener) or return;
    free($sock);
    $guests{fileno $sock} = {sock => $sock, until => by($guest)};
    syswrite($sock, "$token\n");
}

# The caller closes first; so it is its port that waits in TIME_WAIT, not ours. One that does not is reset.
sub farewell {
    my ($fd) = @_;
    my $n = sysread($guests{$fd}{sock}, my $data, 4096);
    return if $n || (!defined $n && ($! == EAGAIN || $! == EINTR));
    close delete($guests{$fd})->{sock};
}

sub expire {
    my $now = time;
    for my $fd (grep { $guests{$_}{until} <= $now } keys %guests) {
        my $sock = delete($guests{$fd})->{sock};
        setsockopt($sock, SOL_SOCKET, SO_LINGER, pack("ii", 1, 0));
        close $sock;
    }
    dial_late($_) for grep { $_->{until} <= $now } values %dials;
    named($_, "was not resolved in $name_limit s") for grep { $names{$_}{until} <= $now } keys %names;
}

sub obey { # 0: it is over
    my ($word, $number, $address, $port, $expected) = split / /, $_[0];
    return 1 unless defined $word;
    push @queue, {number => $number, address => $address, port => $port, expected => $expected, data => "", found => []} if $word eq "to";
    $going = 1 if $word eq "go";
    return $word ne "bye";
}

sub hear { # 0: it is over
    my $n = sysread($link, $input, 65536, length $input);
    return 1 if !defined $n && $! == EINTR;
    return 0 unless $n;
    while ($input =~ s/^([^\n]*)\n//) { return 0 unless obey($1) }
    return 1;
}

sub turn { # goes on as far as possible, then waits; 0: it is over
    return 0 if time >= $end || getppid != $parent;
    expire();
    begin_dial(shift @queue) while $going && @queue && keys(%dials) < $at_once;
    if ($going && !$done && !(@queue || %dials || %waiting)) {
        say_it("done");
        $done = 1;
    }
    my ($reads, $writes) = ("", "");
    my @listening = keys(%guests) < $most_guests ? keys %listeners : ();
    vec($reads, $_, 1) = 1 for 3, keys %guests, keys %names, @listening;
    vec($dials{$_}{connected} ? $reads : $writes, $_, 1) = 1 for keys %dials;
    return 1 if select($reads, $writes, undef, 1) < 0;
    return 0 if vec($reads, 3, 1) && !hear();
    my @dialled = keys %dials;
    for my $fd (@dialled) {
        my $dial = $dials{$fd} or next;
        if ($dial->{connected}) { dial_readable($dial) if vec($reads, $fd, 1) }
        elsif (vec($writes, $fd, 1)) { dial_writable($dial) }
    }
    farewell($_) for grep { vec($reads, $_, 1) } keys %guests;
    for my $fd (grep { vec($reads, $_, 1) } keys %names) {
        named($fd, "is not known there") unless sysread($names{$fd}{pipe}, $names{$fd}{data}, 4096, length $names{$fd}{data});
    }
    welcome($listeners{$_}) for grep { vec($reads, $_, 1) } @listening;
    return 1;
}

my $well = eval {
    say_it("tool", "perl", "perl");
    listen_on($_) for @ports;
    say_it("ready");
    1 while turn();
    1;
};
if (!$well) {
    say_it("broken", shown($@));
    exit 9;
}
kill "KILL", map { $_->{pid} } values %names;
exit 0;
