alter table redeliver_message add column note text not null default 'none';
update redeliver_message set note = 'migrated';
