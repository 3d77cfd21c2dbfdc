select U&'d\0061t;\\', u&'it''s;' uescape '!', U&"d\0061;t""a" from t;
select U&'a'
  '\0062;'; select u&"x;" uescape '!' from t;
select B'01', b'', X'1F', x'' , N'nat;\', n'it''s;';
select date 'today', interval '1 day;', '\'::text, 'a' || '\' || ';';
select u & 'x', U & "y" from t; select e, b, x, n, u from t;
select type'lit;\', "quoted"'lit;', t.e from t;
