create function a() returns int language sql begin atomic select 1; select 2; end;
create or replace function b(x int) returns text begin /* ; */ atomic
  select case when x = 1 then 'one;' when x = 2 then case x when 2 then 'two' end else 'end;' end;
end;
CREATE PROCEDURE c(begin int, atomic int) LANGUAGE SQL BEGIN ATOMIC
  INSERT INTO t VALUES (begin); -- end;
  ;; UPDATE t SET a = atomic;
END; select 1;
create function d() returns int begin atomic end;
create function e() returns setof t begin atomic
  select t.end, 1 as end, 2 end from t; select (select 3 end); table t;
end;
create function f(a int default case when true then 1 end) returns int return a + 1; select 2;
create function g() returns int stable cost 10 set search_path to public begin atomic
  with x as (select 1) select * from x; return 4;
end; select 5;
CREATE OR REPLACE PROCEDURE public.h() BEGIN ATOMIC DELETE FROM t; END
;
create function "begin"() returns int as $$ select 1 $$ language sql; select 6;
create function begin.atomic() returns int begin atomic select 1; end; select 7;
create function begin.atomic(begin int) returns int language sql as 'select 1'; select 8;
