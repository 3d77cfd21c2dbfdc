// Files of other tools are told by the comments that those tools read, and by nothing else.
import { describe, expect, it } from 'vitest';
import { parseScript } from '../../../src/migration/parse.ts';
import { thrown } from './thrown.ts';

const reading = (text: string) => () => parseScript('migrations/1_t.sql', Buffer.from(text));
const up = 'CREATE TABLE t ();';
const down = 'DROP TABLE t;';

describe('a file of another tool is refused with the name of the tool and the line', () => {
  it.each([
    ['goose', `-- +goose Up\n${up}\n-- +goose Down\n${down}`, 1],
    ['goose', `-- +goose Up\n${up}`, 1],
    ['goose', `-- what it is for\n-- +goose NO TRANSACTION\n-- +goose up\n${up}`, 2],
    ['goose', `-- +goose Up\n-- +goose StatementBegin\n${up}\n-- +goose StatementEnd\n`, 1],
    ['sql-migrate', `--+migrate Up\n${up}\n--+migrate Down\n${down}`, 1],
    ['sql-migrate', `-- +migrate Up notransaction\n${up}`, 1],
    ['micrate', `-- +micrate Up\n${up}\n-- +micrate Down\n${down}`, 1],
    ['another tool', `-- +duck Up\n${up}\n-- +duck Down\n${down}`, 1],
    ['dbmate', `-- migrate:up\n${up}\n\n-- migrate:down\n${down}`, 1],
    ['dbmate', `-- migrate:up transaction:false\n${up}`, 1],
    ['dbmate', `--migrate:up\r\n${up}\r\n`, 1],
    ['tern', `${up}\n---- create above / drop below ----\n${down}`, 2],
    ['tern', `${up}\n---- create above / drop below ----\n`, 2],
    ['tern', `---- tern: disable-tx ----\n${up}`, 1],
    ['node-pg-migrate', `-- Up Migration\n${up}\n-- Down Migration\n${down}`, 1],
    ['node-pg-migrate', `-- up migration\n${up}`, 1],
    ['node-pg-migrate', `${up}\n  --- DOWN  MIGRATION ---\n${down}`, 2],
    ['node-pg-migrate', `${up}\n------Down migration\n`, 2],
    ['node-pg-migrate', `${up}\n-- Down Migration: drops the table\n${down}`, 2],
    ['rambler', `-- rambler up\n${up}\n-- rambler down\n${down}`, 1],
    ['MyBatis Migrations', `-- // first\n${up}\n\n-- //@UNDO\n-- SQL to undo\n${down}`, 4],
    ['MyBatis Migrations', `${up}\n--//@UNDO\n${down}`, 2],
    ['MyBatis Migrations', `${up}\n-- @UNDO\n${down}`, 2],
    ['Play evolutions', `# --- !Ups\n${up}\n# --- !Downs\n${down}`, 1],
    ['Play evolutions', `# comment\n\n-- !Ups\n${up}\n-- !Downs\n${down}`, 3],
    ['Play evolutions', `-- --- !Ups\n${up}`, 1],
    ['Liquibase', `--liquibase formatted sql\n--changeset me:1\n${up}\n--rollback ${down}`, 1],
    ['Liquibase', `-- changeset me:create-t runOnChange:true\n${up}`, 1],
    ['graphile-migrate', `--! Previous: -\n--! Hash: sha1:0123\n\n${up}`, 1],
    ['graphile-migrate', `--! no-transaction\n${up}`, 1],
    ['Sqitch', `-- Deploy flipr:users to pg\nBEGIN;\n${up}\nCOMMIT;`, 1],
    ['Sqitch', `-- Revert users from pg\n${down}`, 1],
    ['Atlas', `-- atlas:txtar\n\n-- migration.sql --\n${up}\n-- down.sql --\n${down}`, 1],
    ['another tool', `-- Up\n${up}\n-- Down\n${down}`, 3],
    ['another tool', `${up}\n-- @DOWN\n${down}`, 2],
    ['another tool', `${up}\n------ migrate down ------\n${down}`, 2],
    ['goose', `\ufeff-- +goose Up\n${up}`, 1],
  ])('%s: %j', (tool, text, line) => {
    const error = thrown('directives.foreign', reading(text));
    expect(error.facts.tool).toBe(tool);
    expect(error.location).toMatchObject({ path: 'migrations/1_t.sql', line });
    expect(error.hint).toContain('NNN_name.down.sql');
  });

  it('one with a byte order mark and CRLF too, with the whole annotation', () => {
    const error = thrown('directives.foreign', reading(`\ufeff-- +goose Up\r\n${up}\r\n-- +goose Down\r\n${down}`));
    expect(error.facts.annotation).toBe('+goose Up');
    expect(error.location).toMatchObject({ line: 1, column: 1 });
  });
});

describe('a file of our own is not taken for another tool’s', () => {
  it.each([
    ['prose that begins like a marker', `-- up migration notes: see the wiki\n${up}\nSELECT 1;`],
    ['prose about the way back', `-- Down migration is in 1_t.down.sql\n${up}\nSELECT 1;`],
    ['prose about the way back, at the end', `${up}\nSELECT 1;\n-- Down migration:\n-- DROP TABLE t;`],
    ['prose about a tool', `-- goose did this until 2023\n-- we used dbmate, see migrate:update\n${up}`],
    ['prose that names a rollback', `-- rollback: DROP TABLE t\n${up}\n-- rollback drop table t\nSELECT 1;`],
    ['prose about changes', `-- changeset of May\n-- Deploy this to pg first, then the application\n${up}`],
    ['prose of one word', `-- Up\n${up}`],
    ['a comment within a statement', 'SELECT 1;\nCREATE TABLE t (\n  -- down\n  id int\n);\nSELECT 2;'],
    ['rulers', `--------------------\n-- !important -----\n----\n--\n${up}\n-- -- --\nSELECT 1;`],
    ['a string', `SELECT '\n-- +goose Down\n---- create above / drop below ----\n';`],
    ['a function', `DO $$\n-- migrate:down\n-- Down Migration\nBEGIN END\n$$;\nSELECT 1;`],
    ['a block comment', `/*\n-- +goose Up\n-- //@UNDO\n*/\n${up}`],
    ['COPY data', 'COPY t FROM stdin;\n-- +goose Down\n\\.\nSELECT 1;'],
    ['a comment behind a statement', `${up} -- +goose Down\nSELECT 1; -- Down Migration\nSELECT 2;`],
    [
      'what pg_dump writes',
      `--\n-- PostgreSQL database dump\n--\n\n-- Name: up; Type: TABLE\n${up}\n-- Name: down\n${up}`,
    ],
  ])('%s', (_, text) => {
    expect(reading(text)().statements.length).toBeGreaterThan(0);
  });
});
