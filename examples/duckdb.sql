-- SPDX-License-Identifier: Apache-2.0
-- Records read in place by DuckDB, in the directory of poses.jsonl: duckdb < duckdb.sql
-- For an archive: read_json('poses/**/*.jsonl', ...); files with .zst are read as well.

CREATE TEMP VIEW records AS
  FROM read_json('poses.jsonl', sample_size = -1, union_by_name = true, filename = 'file_name');

CREATE TEMP VIEW people AS
  SELECT file_name, frame, time, unnest(instances) AS person FROM records WHERE type = 'frame';

-- Videos with their totals.
SELECT file_name, max(frames) AS frames, max(people) AS people FROM records WHERE type = 'end'
  GROUP BY file_name ORDER BY file_name;

-- People in each second.
SELECT file_name, floor(time) AS second, count(*) / count(DISTINCT frame) AS people_per_frame
  FROM people GROUP BY ALL ORDER BY ALL;

-- The left wrist of each person. Lists start at 1.
SELECT file_name, frame, left_wrist[1] AS x, left_wrist[2] AS y, left_wrist[3] AS score
  FROM (SELECT file_name, frame, person.keypoints[list_position(joints, 'left_wrist')] AS left_wrist
        FROM people JOIN (SELECT file_name, joints FROM records WHERE type = 'header') USING (file_name))
  ORDER BY file_name, frame;
