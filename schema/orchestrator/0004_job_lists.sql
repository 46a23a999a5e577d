-- Lists of jobs do not read the rows of history that they do not show. In the order of the ids: a new job is added at
-- the end, which costs next to nothing, where an index per chat, requester and session would cost a third of the rate.

CREATE INDEX jobs_listed ON jobs (id, chat_id, requester_id, session_key);
CREATE INDEX jobs_unsuccessful ON jobs (id) WHERE status IN ('failed', 'aborted');
