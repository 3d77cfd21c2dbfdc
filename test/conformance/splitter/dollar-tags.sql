-- A dollar quote ends at its own tag only.
create function one() returns text language sql as $$ select 'a;b' -- ; $not$ the end
$$;
create function two() returns text language plpgsql as $body$
begin
  execute $$ select 1; $$ || $x$ ; $ $bod$ $body $$ $x$;
  return 'it''s; "here"';
end;
$body$;
do $$begin null; end$$;
do $_1$ begin null; end $_1$ language plpgsql;
select $$$$, $a$$a$, $a$$$;$b$;$a$, $$'$$, $$/*$$, $$--$$;
select $a$ $A$ ; $a$;
select $tag$$tag;$tag$tag$tag$;
