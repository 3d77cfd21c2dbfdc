select E'it\'s; here', E'a\\', e'\\''; ', E'\\\'';
select E'one'
  '\'; two', 'plain\';
select E'one'	


  '\'; two';
select 'plain\'
  'plain \';
select E'', E'''', E'\'\'', '', '''', ';''';
select e'\x41\u00e9;' as e, xe.e, 1e1;
select E'\\' as "E'\"; select E'\
;';
