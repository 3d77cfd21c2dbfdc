copy c to '/tmp/x;y'; select 1;
copy c from '/tmp/stdin'; select 2;
copy c from program 'cat stdin;'; select 3;
copy (select a from stdin) to program 'cat'; select 4;
copy "stdin" to '/tmp/x'; select copy from stdin; select 5;
copy public.from (stdin) from '/tmp/x'; select 6;
copy c.to from '/tmp/from_stdin;'; select 7;
create table copy (stdin int); insert into copy values (1); select copy from copy; select stdin from copy;
