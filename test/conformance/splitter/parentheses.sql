create rule r as on insert to t do also (insert into u values (1); insert into u values (2); );
create rule s as on delete to t do instead (select ')' ; select "(" from u; -- )
  delete from u where a in (select (1))
);
create table t2 (a int check (a > (1 + (2))), b text default ';)');
insert into t values (1, 'a;b'), (2, ');'), (3, E'\');');
