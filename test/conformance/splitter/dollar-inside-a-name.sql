-- A dollar sign behind a letter belongs to the name, so these quote nothing.
select a$b$c from t; select 1 as x$; select 2 as x$$; select y$$ from t;
select é$$ from t; select 3 as _$a$; select _$a$ from t;
prepare p (int, int) as select $1, $2; execute p (1, 2);
prepare q (text) as select $1 || $$;$$;
