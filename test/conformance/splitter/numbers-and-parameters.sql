select 1, 1., .5, 1.5e10, 1e-5, 0x1F, 0b01, 0o17, 1_000;
select array[1,2,3], (array['a;','b'])[1], 3 between 1 and 4;
prepare p as select $1::text || $2 || 'x;';
