select '日本語;', '👩‍👩‍👧;', 'é' as "näme;", $$ñ;$$; -- ünï;
create table größe (straße text default 'ß;', 数 int); comment on table größe is 'κόσμε;';
