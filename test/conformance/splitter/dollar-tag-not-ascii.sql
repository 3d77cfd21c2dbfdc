select $größe$ ; $grösse$ ; $größe$;
select $日本$ ; $日$ ; $日本$ as "a;b";
select 'é;' as é, $é$;$é$ as ü;
