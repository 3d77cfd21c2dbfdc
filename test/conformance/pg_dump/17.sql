--
-- PostgreSQL database dump
--

\restrict qUpBlXEUtdjEktS0s8JZkGeSEfJFxG9zMPJhhOwax8HatCkSDPZ11dDxAe39gda

-- Dumped from database version 17.10
-- Dumped by pg_dump version 17.11 (Debian 17.11-0+deb13u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: brainstorm_artifacts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.brainstorm_artifacts (
    id uuid NOT NULL,
    session_id uuid NOT NULL,
    type text NOT NULL,
    path text NOT NULL,
    title text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT brainstorm_artifacts_type_check CHECK ((type = ANY (ARRAY['adr'::text, 'spec'::text, 'readme'::text, 'design'::text, 'document'::text])))
);


--
-- Name: brainstorm_messages; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.brainstorm_messages (
    id uuid NOT NULL,
    session_id uuid NOT NULL,
    sequence integer NOT NULL,
    role text NOT NULL,
    content text NOT NULL,
    parts jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    input_tokens integer,
    output_tokens integer,
    cost_usd numeric(10,6),
    is_system boolean DEFAULT false NOT NULL,
    CONSTRAINT brainstorm_messages_role_check CHECK ((role = ANY (ARRAY['user'::text, 'assistant'::text])))
);


--
-- Name: brainstorm_sessions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.brainstorm_sessions (
    id uuid NOT NULL,
    profile_id text NOT NULL,
    driver_session_id text,
    driver_type text,
    status text DEFAULT 'active'::text NOT NULL,
    topic text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT brainstorm_sessions_status_check CHECK ((status = ANY (ARRAY['active'::text, 'ready_for_handoff'::text, 'completed'::text, 'failed'::text])))
);


--
-- Name: events; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.events (
    id uuid NOT NULL,
    workflow_id uuid NOT NULL,
    sequence integer NOT NULL,
    "timestamp" timestamp with time zone DEFAULT now() NOT NULL,
    agent text NOT NULL,
    event_type text NOT NULL,
    level text DEFAULT 'debug'::text NOT NULL,
    message text NOT NULL,
    data jsonb,
    correlation_id text,
    tool_name text,
    tool_input jsonb,
    is_error boolean DEFAULT false NOT NULL,
    trace_id text,
    parent_id uuid,
    CONSTRAINT events_level_check CHECK ((level = ANY (ARRAY['info'::text, 'debug'::text, 'trace'::text])))
);


--
-- Name: profiles; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.profiles (
    id text NOT NULL,
    tracker text DEFAULT 'noop'::text NOT NULL,
    working_dir text NOT NULL,
    plan_output_dir text DEFAULT 'docs/plans'::text NOT NULL,
    plan_path_pattern text DEFAULT 'docs/plans/{date}-{issue_key}.md'::text NOT NULL,
    agents jsonb NOT NULL,
    is_active boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT profiles_tracker_check CHECK ((tracker = ANY (ARRAY['noop'::text, 'github'::text, 'jira'::text])))
);


--
-- Name: prompt_versions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.prompt_versions (
    id uuid NOT NULL,
    prompt_id text NOT NULL,
    version_number integer NOT NULL,
    content text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    change_note text
);


--
-- Name: prompts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.prompts (
    id text NOT NULL,
    agent text NOT NULL,
    name text NOT NULL,
    description text,
    current_version_id uuid
);


--
-- Name: server_settings; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.server_settings (
    id integer NOT NULL,
    log_retention_days integer DEFAULT 30 NOT NULL,
    log_retention_max_events integer DEFAULT 100000 NOT NULL,
    trace_retention_days integer DEFAULT 7 NOT NULL,
    checkpoint_retention_days integer DEFAULT 0 NOT NULL,
    checkpoint_path text DEFAULT '~/.amelia/checkpoints.db'::text NOT NULL,
    websocket_idle_timeout_seconds double precision DEFAULT 300.0 NOT NULL,
    workflow_start_timeout_seconds double precision DEFAULT 60.0 NOT NULL,
    max_concurrent integer DEFAULT 5 NOT NULL,
    stream_tool_results boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT server_settings_id_check CHECK ((id = 1))
);


--
-- Name: token_usage; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.token_usage (
    id uuid NOT NULL,
    workflow_id uuid NOT NULL,
    agent text NOT NULL,
    model text NOT NULL,
    input_tokens integer NOT NULL,
    output_tokens integer NOT NULL,
    cache_read_tokens integer DEFAULT 0,
    cache_creation_tokens integer DEFAULT 0,
    cost_usd numeric(10,6) NOT NULL,
    duration_ms integer DEFAULT 0 NOT NULL,
    num_turns integer DEFAULT 1 NOT NULL,
    "timestamp" timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: workflow_prompt_versions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.workflow_prompt_versions (
    workflow_id uuid NOT NULL,
    prompt_id text NOT NULL,
    version_id uuid NOT NULL
);


--
-- Name: workflows; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.workflows (
    id uuid NOT NULL,
    issue_id text NOT NULL,
    worktree_path text NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    failure_reason text,
    workflow_type text DEFAULT 'full'::text NOT NULL,
    profile_id text,
    plan_cache jsonb,
    issue_cache text,
    CONSTRAINT workflows_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'in_progress'::text, 'blocked'::text, 'completed'::text, 'failed'::text, 'cancelled'::text]))),
    CONSTRAINT workflows_workflow_type_check CHECK ((workflow_type = ANY (ARRAY['full'::text, 'review'::text])))
);


--
-- Data for Name: brainstorm_artifacts; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.brainstorm_artifacts (id, session_id, type, path, title, created_at) FROM stdin;
\.


--
-- Data for Name: brainstorm_messages; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.brainstorm_messages (id, session_id, sequence, role, content, parts, created_at, input_tokens, output_tokens, cost_usd, is_system) FROM stdin;
\.


--
-- Data for Name: brainstorm_sessions; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.brainstorm_sessions (id, profile_id, driver_session_id, driver_type, status, topic, created_at, updated_at) FROM stdin;
\.


--
-- Data for Name: events; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.events (id, workflow_id, sequence, "timestamp", agent, event_type, level, message, data, correlation_id, tool_name, tool_input, is_error, trace_id, parent_id) FROM stdin;
00000000-0000-4000-8000-0000000000e1	00000000-0000-4000-8000-0000000000aa	1	2026-11-22 08:09:03.904381+00	developer	log	debug	-- not a comment	\N	\N	\N	\N	f	\N	\N
00000000-0000-4000-8000-0000000000e2	00000000-0000-4000-8000-0000000000aa	2	2026-11-22 08:09:03.904381+00	developer	log	debug		\N	\N	\N	\N	f	\N	00000000-0000-4000-8000-0000000000e1
\.


--
-- Data for Name: profiles; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.profiles (id, tracker, working_dir, plan_output_dir, plan_path_pattern, agents, is_active, created_at, updated_at) FROM stdin;
work	noop	/srv	docs/plans	docs/plans/{date}-{issue_key}.md	{"architect": {"driver": "api"}}	t	2026-11-22 08:09:03.904381+00	2026-11-22 08:09:03.904381+00
play	noop	/tmp; -- 'not SQL'	docs/plans	docs/plans/{date}-{issue_key}.md	{}	f	2026-11-22 08:09:03.904381+00	2026-11-22 08:09:03.904381+00
\.


--
-- Data for Name: prompt_versions; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.prompt_versions (id, prompt_id, version_number, content, created_at, change_note) FROM stdin;
00000000-0000-4000-8000-000000000001	architect.plan	1	COPY x FROM stdin;	2026-11-22 08:09:03.904381+00	\N
\.


--
-- Data for Name: prompts; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.prompts (id, agent, name, description, current_version_id) FROM stdin;
architect.plan	architect	Plan	tab\there; $$ and \\ "quotes"\nsecond line\n\\.\n	00000000-0000-4000-8000-000000000001
\.


--
-- Data for Name: server_settings; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.server_settings (id, log_retention_days, log_retention_max_events, trace_retention_days, checkpoint_retention_days, checkpoint_path, websocket_idle_timeout_seconds, workflow_start_timeout_seconds, max_concurrent, stream_tool_results, created_at, updated_at) FROM stdin;
1	30	100000	7	0	~/.amelia/checkpoints.db	300	60	5	f	2026-11-22 08:09:03.904381+00	2026-11-22 08:09:03.904381+00
\.


--
-- Data for Name: token_usage; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.token_usage (id, workflow_id, agent, model, input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens, cost_usd, duration_ms, num_turns, "timestamp") FROM stdin;
\.


--
-- Data for Name: workflow_prompt_versions; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.workflow_prompt_versions (workflow_id, prompt_id, version_id) FROM stdin;
\.


--
-- Data for Name: workflows; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.workflows (id, issue_id, worktree_path, status, created_at, updated_at, started_at, completed_at, failure_reason, workflow_type, profile_id, plan_cache, issue_cache) FROM stdin;
00000000-0000-4000-8000-0000000000aa	PROJ-1	/w/日本 🎉	in_progress	2026-11-22 08:09:03.904381+00	2026-11-22 08:09:03.904381+00	\N	\N	\N	full	work	{"a;b": "/* no comment"}	\N
\.


--
-- Name: brainstorm_artifacts brainstorm_artifacts_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.brainstorm_artifacts
    ADD CONSTRAINT brainstorm_artifacts_pkey PRIMARY KEY (id);


--
-- Name: brainstorm_messages brainstorm_messages_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.brainstorm_messages
    ADD CONSTRAINT brainstorm_messages_pkey PRIMARY KEY (id);


--
-- Name: brainstorm_messages brainstorm_messages_session_id_sequence_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.brainstorm_messages
    ADD CONSTRAINT brainstorm_messages_session_id_sequence_key UNIQUE (session_id, sequence);


--
-- Name: brainstorm_sessions brainstorm_sessions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.brainstorm_sessions
    ADD CONSTRAINT brainstorm_sessions_pkey PRIMARY KEY (id);


--
-- Name: events events_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id);


--
-- Name: profiles profiles_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.profiles
    ADD CONSTRAINT profiles_pkey PRIMARY KEY (id);


--
-- Name: prompt_versions prompt_versions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.prompt_versions
    ADD CONSTRAINT prompt_versions_pkey PRIMARY KEY (id);


--
-- Name: prompt_versions prompt_versions_prompt_id_version_number_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.prompt_versions
    ADD CONSTRAINT prompt_versions_prompt_id_version_number_key UNIQUE (prompt_id, version_number);


--
-- Name: prompts prompts_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.prompts
    ADD CONSTRAINT prompts_pkey PRIMARY KEY (id);


--
-- Name: server_settings server_settings_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.server_settings
    ADD CONSTRAINT server_settings_pkey PRIMARY KEY (id);


--
-- Name: token_usage token_usage_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.token_usage
    ADD CONSTRAINT token_usage_pkey PRIMARY KEY (id);


--
-- Name: workflow_prompt_versions workflow_prompt_versions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.workflow_prompt_versions
    ADD CONSTRAINT workflow_prompt_versions_pkey PRIMARY KEY (workflow_id, prompt_id);


--
-- Name: workflows workflows_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.workflows
    ADD CONSTRAINT workflows_pkey PRIMARY KEY (id);


--
-- Name: idx_brainstorm_artifacts_session; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_brainstorm_artifacts_session ON public.brainstorm_artifacts USING btree (session_id);


--
-- Name: idx_brainstorm_sessions_profile; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_brainstorm_sessions_profile ON public.brainstorm_sessions USING btree (profile_id);


--
-- Name: idx_brainstorm_sessions_status; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_brainstorm_sessions_status ON public.brainstorm_sessions USING btree (status);


--
-- Name: idx_events_level; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_events_level ON public.events USING btree (level);


--
-- Name: idx_events_parent_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_events_parent_id ON public.events USING btree (parent_id);


--
-- Name: idx_events_trace_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_events_trace_id ON public.events USING btree (trace_id);


--
-- Name: idx_events_type; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_events_type ON public.events USING btree (event_type);


--
-- Name: idx_events_workflow; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_events_workflow ON public.events USING btree (workflow_id, "timestamp");


--
-- Name: idx_events_workflow_sequence; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX idx_events_workflow_sequence ON public.events USING btree (workflow_id, sequence);


--
-- Name: idx_profiles_active; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_profiles_active ON public.profiles USING btree (is_active);


--
-- Name: idx_profiles_single_active; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX idx_profiles_single_active ON public.profiles USING btree (is_active) WHERE (is_active = true);


--
-- Name: idx_prompt_versions_prompt; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_prompt_versions_prompt ON public.prompt_versions USING btree (prompt_id);


--
-- Name: idx_prompts_current_version; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_prompts_current_version ON public.prompts USING btree (current_version_id);


--
-- Name: idx_tokens_agent; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_tokens_agent ON public.token_usage USING btree (agent);


--
-- Name: idx_tokens_workflow; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_tokens_workflow ON public.token_usage USING btree (workflow_id);


--
-- Name: idx_workflow_prompts_prompt; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_workflow_prompts_prompt ON public.workflow_prompt_versions USING btree (prompt_id);


--
-- Name: idx_workflow_prompts_version; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_workflow_prompts_version ON public.workflow_prompt_versions USING btree (version_id);


--
-- Name: idx_workflow_prompts_workflow; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_workflow_prompts_workflow ON public.workflow_prompt_versions USING btree (workflow_id);


--
-- Name: idx_workflows_active_worktree; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX idx_workflows_active_worktree ON public.workflows USING btree (worktree_path) WHERE (status = ANY (ARRAY['in_progress'::text, 'blocked'::text]));


--
-- Name: idx_workflows_issue_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_workflows_issue_id ON public.workflows USING btree (issue_id);


--
-- Name: idx_workflows_started_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_workflows_started_at ON public.workflows USING btree (started_at DESC);


--
-- Name: idx_workflows_status; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_workflows_status ON public.workflows USING btree (status);


--
-- Name: idx_workflows_worktree; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_workflows_worktree ON public.workflows USING btree (worktree_path);


--
-- Name: brainstorm_artifacts brainstorm_artifacts_session_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.brainstorm_artifacts
    ADD CONSTRAINT brainstorm_artifacts_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.brainstorm_sessions(id) ON DELETE CASCADE;


--
-- Name: brainstorm_messages brainstorm_messages_session_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.brainstorm_messages
    ADD CONSTRAINT brainstorm_messages_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.brainstorm_sessions(id) ON DELETE CASCADE;


--
-- Name: brainstorm_sessions brainstorm_sessions_profile_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.brainstorm_sessions
    ADD CONSTRAINT brainstorm_sessions_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id);


--
-- Name: events events_parent_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES public.events(id) ON DELETE SET NULL;


--
-- Name: events events_workflow_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_workflow_id_fkey FOREIGN KEY (workflow_id) REFERENCES public.workflows(id) ON DELETE CASCADE;


--
-- Name: prompt_versions prompt_versions_prompt_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.prompt_versions
    ADD CONSTRAINT prompt_versions_prompt_id_fkey FOREIGN KEY (prompt_id) REFERENCES public.prompts(id);


--
-- Name: prompts prompts_current_version_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.prompts
    ADD CONSTRAINT prompts_current_version_id_fkey FOREIGN KEY (current_version_id) REFERENCES public.prompt_versions(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: token_usage token_usage_workflow_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.token_usage
    ADD CONSTRAINT token_usage_workflow_id_fkey FOREIGN KEY (workflow_id) REFERENCES public.workflows(id) ON DELETE CASCADE;


--
-- Name: workflow_prompt_versions workflow_prompt_versions_prompt_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.workflow_prompt_versions
    ADD CONSTRAINT workflow_prompt_versions_prompt_id_fkey FOREIGN KEY (prompt_id) REFERENCES public.prompts(id);


--
-- Name: workflow_prompt_versions workflow_prompt_versions_version_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.workflow_prompt_versions
    ADD CONSTRAINT workflow_prompt_versions_version_id_fkey FOREIGN KEY (version_id) REFERENCES public.prompt_versions(id);


--
-- Name: workflow_prompt_versions workflow_prompt_versions_workflow_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.workflow_prompt_versions
    ADD CONSTRAINT workflow_prompt_versions_workflow_id_fkey FOREIGN KEY (workflow_id) REFERENCES public.workflows(id) ON DELETE CASCADE;


--
-- PostgreSQL database dump complete
--

\unrestrict qUpBlXEUtdjEktS0s8JZkGeSEfJFxG9zMPJhhOwax8HatCkSDPZ11dDxAe39gda

