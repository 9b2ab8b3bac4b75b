/** Raised when another holder, or another mark, stands in the gateway's row: nothing was written. */
export const notOurTurn = "OC001";
/** Raised when the server would answer before the write is on its disk. */
export const notDurable = "OC002";

/**
 * Made anew at every opening, because it belongs to the program and not to the data: one call is one transaction with one
 * answer. What ends comes before what opens, since a key has one live session.
 */
export const writeFunction = `
CREATE OR REPLACE FUNCTION openclaw.write(me text, before text, after text, doc json) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  gone bigint;
  total bigint := 0;
  kinds json;
BEGIN
  IF current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') THEN
    RAISE EXCEPTION 'synchronous_commit is %', current_setting('synchronous_commit') USING ERRCODE = '${notDurable}';
  END IF;
  UPDATE openclaw.gateway SET mark = after WHERE holder = me AND mark = before;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'another gateway writes here' USING ERRCODE = '${notOurTurn}';
  END IF;

  IF doc->'hide' IS NOT NULL THEN
    UPDATE openclaw.sessions SET purged = 1, ended_at = coalesce(ended_at, (doc->>'now')::bigint), projection = ''
      WHERE id = doc->>'hide';
    DELETE FROM openclaw.receipts WHERE session_id = doc->>'hide';
    DELETE FROM openclaw.runs WHERE session_id = doc->>'hide';
    DELETE FROM openclaw.outbox WHERE session_id = doc->>'hide';
  END IF;
  IF doc->'purge' IS NOT NULL THEN
    DELETE FROM openclaw.events WHERE session_id = doc->>'purge' AND seq <
      (SELECT min(seq) FROM openclaw.events WHERE session_id = doc->>'purge') + (doc->>'limit')::bigint;
    IF EXISTS (SELECT 1 FROM openclaw.events WHERE session_id = doc->>'purge') THEN
      total := 1;
    ELSE
      DELETE FROM openclaw.sessions WHERE id = doc->>'purge' AND purged = 1;
    END IF;
  END IF;
  IF doc->'sweep' IS NOT NULL THEN
    DELETE FROM openclaw.receipts WHERE (scope, key) IN (SELECT scope, key FROM openclaw.receipts
      WHERE at < (doc->'sweep'->>'receiptsBefore')::bigint ORDER BY at LIMIT (doc->>'limit')::bigint);
    GET DIAGNOSTICS gone = ROW_COUNT;
    total := total + gone;
    DELETE FROM openclaw.outbox WHERE n IN (SELECT n FROM openclaw.outbox
      WHERE dead_at < (doc->'sweep'->>'deadLettersBefore')::bigint ORDER BY n LIMIT (doc->>'limit')::bigint);
    GET DIAGNOSTICS gone = ROW_COUNT;
    total := total + gone;
    FOR kinds IN SELECT json_array_elements(doc->'sweep'->'records') LOOP
      DELETE FROM openclaw.records WHERE kind = kinds->>'kind' AND id IN (SELECT id FROM openclaw.records
        WHERE kind = kinds->>'kind' AND updated_at < (kinds->>'before')::bigint ORDER BY updated_at LIMIT (doc->>'limit')::bigint);
      GET DIAGNOSTICS gone = ROW_COUNT;
      total := total + gone;
    END LOOP;
  END IF;

  IF doc->'changedSessions' IS NOT NULL THEN
    UPDATE openclaw.sessions s SET updated_at = n.updated_at, head_seq = n.head_seq, head_hash = n.head_hash,
        head_id = n.head_id, projection = n.projection, ended_at = n.ended_at
      FROM json_populate_recordset(NULL::openclaw.sessions, doc->'changedSessions') n WHERE s.id = n.id;
  END IF;
  IF doc->'newSessions' IS NOT NULL THEN
    INSERT INTO openclaw.sessions SELECT * FROM json_populate_recordset(NULL::openclaw.sessions, doc->'newSessions');
  END IF;
  IF doc->'events' IS NOT NULL THEN
    INSERT INTO openclaw.events SELECT * FROM json_populate_recordset(NULL::openclaw.events, doc->'events');
  END IF;
  IF doc->'receipts' IS NOT NULL THEN
    INSERT INTO openclaw.receipts SELECT * FROM json_populate_recordset(NULL::openclaw.receipts, doc->'receipts');
  END IF;
  IF doc->'runs' IS NOT NULL THEN
    INSERT INTO openclaw.runs SELECT * FROM json_populate_recordset(NULL::openclaw.runs, doc->'runs')
      ON CONFLICT (n) DO UPDATE SET resumed = excluded.resumed, ended_at = excluded.ended_at, stop_reason = excluded.stop_reason;
  END IF;
  IF doc->'goneOutbox' IS NOT NULL THEN
    DELETE FROM openclaw.outbox WHERE id IN (SELECT json_array_elements_text(doc->'goneOutbox'));
  END IF;
  IF doc->'outbox' IS NOT NULL THEN
    DELETE FROM openclaw.outbox WHERE id IN
      (SELECT id FROM json_populate_recordset(NULL::openclaw.outbox, doc->'outbox'));
    INSERT INTO openclaw.outbox SELECT * FROM json_populate_recordset(NULL::openclaw.outbox, doc->'outbox');
  END IF;
  IF doc->'goneRecords' IS NOT NULL THEN
    DELETE FROM openclaw.records r USING json_populate_recordset(NULL::openclaw.records, doc->'goneRecords') g
      WHERE r.kind = g.kind AND r.id = g.id;
  END IF;
  IF doc->'records' IS NOT NULL THEN
    INSERT INTO openclaw.records SELECT * FROM json_populate_recordset(NULL::openclaw.records, doc->'records')
      ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, data = excluded.data, updated_at = excluded.updated_at, seal = excluded.seal;
  END IF;
  IF doc->'blobs' IS NOT NULL THEN
    INSERT INTO openclaw.blobs SELECT b->>'hash', b->>'mime_type', decode(b->>'bytes', 'base64'), (b->>'created_at')::bigint
      FROM json_array_elements(doc->'blobs') b ON CONFLICT (hash) DO NOTHING;
  END IF;
  UPDATE openclaw.gateway SET outcome = total WHERE outcome <> total;
  RETURN total;
END $$`;
