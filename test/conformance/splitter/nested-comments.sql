/* one; /* two; */ still one; */ select 1;
select 2 /* '; */; select 3 /* /* " */ $$ */;
/*/ not closed yet; */ select 4;
/**/ select 5; /***/ select 6; /* * / */ select 7;
select 8 -- not /* a block
; select 9 -- '
; --
select 10 --; select 11
;
-- select 12;
/* -- */ select 13;
