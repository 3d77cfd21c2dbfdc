create table "semi;colon" ("a""b;" int, "it's" int, "--" int, "/*" int, "$$" int, "\" int);
select "a""b;", "it's", "--", "/*", "$$", "\" from "semi;colon";
