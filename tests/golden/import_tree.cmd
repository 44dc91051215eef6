# What a folder gives: the notes, what is known besides the templates (they change), the draft, and its secrets.
0 $ "$imops" --lang en import --from @GOLDEN@/import im1=10.0.0.11 --registered 50 --secrets s -a >report; grep -A1 -E 'mod_fail2ban|config_file  import|unread' report; sed -n '/^im1: /,$p' report | sed '$d'
0 $ sed "s|$PWD|.|" imops.yaml; stat -c '%a %n' s s/*
0 $ "$imops" --lang zh import --from @GOLDEN@/import im1=10.0.0.11 --force -a --secrets s >report; grep -A1 -E 'mod_fail2ban|config_file  import|unread' report; sed -n '/^im1：/,$p' report | sed '$d'
0 $ sed "s|$PWD|.|" imops.yaml
0 validate
