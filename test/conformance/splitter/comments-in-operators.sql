select 1 +-- comment; '
  2;
select 2*/* ; */3;
select 4 <@/* ; */ array[1];
select - -1, 5 - - 3, 8 / 2 * 3, 1 */**/ 2;
select '{}'::jsonb @> '{}', '{}'::jsonb -> 'a' ->> 'b', '{}'::jsonb #- '{a}';
