select 1;
select 'two'