# The script of each host names the ports that it really has.
0 $ "$imops" --lang en facts --print | grep "^ *IMOPS_\(HOST\|PORTS\)="
