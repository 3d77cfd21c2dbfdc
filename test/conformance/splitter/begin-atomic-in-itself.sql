create function outside() returns void begin atomic
  create function inside() returns int begin atomic select 1; select begin atomic from t; end;
  select 2;
end;
select 3;
create procedure outside() begin atomic create or replace procedure inside() begin atomic end; end; select 4;
