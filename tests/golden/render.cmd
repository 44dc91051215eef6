# What a site gets: the list, files with their modes, remarks in both languages, values quoted; the same twice.
0 render --list --component redis --component ejabberd --component nginx
0 render --component nginx --component redis
0 $ umask 077; printf '%s\n' "a'b\"c" >db; printf '%s\n' 'r#1' >redis
0 render --out one --component redis --component ejabberd -q
0 render --out two --component redis --component ejabberd -q
0 $ diff -r one two && find one -type f -printf '%m %p\n' | sort; grep -n requirepass one/db1/etc/redis/redis.conf; grep -n sql_password one/app1/etc/ejabberd/ejabberd.yml
0 render --out zh --lang zh --component redis -q
0 $ head -n 3 zh/db1/etc/redis/redis.conf
