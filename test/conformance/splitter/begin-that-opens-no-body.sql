begin; select begin from t; select begin atomic from t; commit;
select case when begin then 1 else 2 end; select 3;
create table begin (atomic int, "end" int); select atomic from begin;
create view v as select begin atomic, case atomic when 1 then 2 end from begin; select 4;
start transaction; end; select 5;
create function f(begin atomic) returns begin language sql as 'select 1;'; select 6;
create aggregate begin (atomic) (sfunc = f, stype = int); select 7;
