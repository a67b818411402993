create table redeliver_task (
  task_name text not null,
  task_instance text not null,
  execution_time datetime not null,
  picked boolean not null,
  picked_by text,
  last_success datetime,
  last_failure datetime,
  consecutive_failures integer,
  last_heartbeat datetime,
  version integer not null,
  priority integer not null,
  task_data blob,
  primary key (task_name, task_instance)
) without rowid;
create index redeliver_task_due on redeliver_task (picked, priority desc, execution_time);
create index redeliver_task_heartbeat on redeliver_task (last_heartbeat) where picked;

create table redeliver_message (
  id text not null primary key,
  idempotency_key text unique,
  body_id blob,
  body_size integer not null,
  message_id text not null,
  parameters text not null,
  unknown_outcome text,
  priority integer not null,
  submitted_at integer not null,
  deadline integer not null,
  open integer not null,
  finished_at integer
) without rowid;
create index redeliver_message_body on redeliver_message (body_id) where body_id is not null;
create index redeliver_message_finished on redeliver_message (finished_at) where finished_at is not null;

create index redeliver_message_open on redeliver_message (submitted_at) where finished_at is null;

create table redeliver_recipient (
  message_id text not null,
  position integer not null,
  address text not null,
  queue text not null,
  state text not null,
  next_try integer,
  next_counts boolean not null,
  attempts integer not null,
  failures text not null,
  reconnects integer not null,
  unknown_outcomes integer not null,
  transactions integer not null,
  relay text not null,
  changed_at integer not null,
  cause text not null,
  rule text not null,
  reply text not null,
  decision text not null,
  primary key (message_id, position)
) without rowid;
create index redeliver_recipient_due on redeliver_recipient (queue, next_try) where next_try is not null;
create index redeliver_recipient_new on redeliver_recipient (queue, next_try, state) where state = 'NEW';
create index redeliver_recipient_transmitting on redeliver_recipient (queue) where state = 'TRANSMITTING';

create table redeliver_body (
  id blob not null primary key,
  format integer not null,
  content blob not null,
  created_at integer not null
);

create table redeliver_destination (
  name text not null primary key,
  paused_until integer not null,
  why text not null,
  changed_at integer not null,
  turn integer not null
) without rowid;
