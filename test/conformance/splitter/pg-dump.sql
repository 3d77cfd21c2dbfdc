--
-- PostgreSQL database dump
--

\restrict 8bXz3kQ2JzV1nq0aZl5cYv7Rr9Tt4Ww6Uu2Ii1Oo3Pp5Aa7Ss9Dd

-- Dumped from database version 17.6

SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET default_table_access_method = heap;

CREATE FUNCTION public.touch() RETURNS trigger
    LANGUAGE plpgsql
    AS $_$
begin
  new.note := 'a;b' || $1;
  return new;
end;
$_$;

--
-- Name: notes; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.notes (
    id integer NOT NULL,
    note text DEFAULT ';'::text,
    CONSTRAINT notes_note_check CHECK ((note <> '\'::text))
);

COPY public.notes (id, note) FROM stdin;
1	one; two
2	it's
3	\\.
\.


COPY public.empty (id) FROM stdin;
\.

SELECT pg_catalog.setval('public.notes_id_seq', 3, true);

ALTER TABLE ONLY public.notes
    ADD CONSTRAINT notes_pkey PRIMARY KEY (id);

--
-- PostgreSQL database dump complete
--

\unrestrict 8bXz3kQ2JzV1nq0aZl5cYv7Rr9Tt4Ww6Uu2Ii1Oo3Pp5Aa7Ss9Dd

