create table c (a text, b text);
COPY c (a, b) FROM stdin;
it's	"half; -- /* $$
\N	\\.
E'\'	semi;colon
 \.	\.x
\.
select 1; copy c from STDIN;
\.
Copy Public.C ( "a" , b ) From stdin With (Format csv, header, delimiter ';'); -- the rows; follow
a,b
"x;y","it's"
\.

copy c from stdin csv; /* so they do /* here */ ; */
begin;
\.
copy
  "from stdin"
  from
  stdin;
\.
select 2;
copy c from stdin where a > ';';
select 3;
\.
