-- What Orleans' ADO.NET clustering provider asks of a database, in SQLite. Run in one transaction at every start: each statement
-- leaves alone what is already there. Status 3 is SiloStatus.Active.
CREATE TABLE IF NOT EXISTS OrleansQuery
(
    QueryKey TEXT PRIMARY KEY,
    QueryText TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS OrleansMembershipVersionTable
(
    DeploymentId TEXT PRIMARY KEY,
    Timestamp TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    Version INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS OrleansMembershipTable
(
    DeploymentId TEXT NOT NULL,
    Address TEXT NOT NULL,
    Port INTEGER NOT NULL,
    Generation INTEGER NOT NULL,
    SiloName TEXT NOT NULL,
    HostName TEXT NOT NULL,
    Status INTEGER NOT NULL,
    ProxyPort INTEGER,
    SuspectTimes TEXT,
    StartTime TEXT NOT NULL,
    IAmAliveTime TEXT NOT NULL,
    PRIMARY KEY (DeploymentId, Address, Port, Generation)
);

-- A change of the table and of its version are one transaction, taken for writing from its start: two silos that both began by reading
-- could not both write after it.
INSERT OR REPLACE INTO OrleansQuery (QueryKey, QueryText) VALUES
('UpdateIAmAlivetimeKey',
'UPDATE OrleansMembershipTable SET IAmAliveTime = @IAmAliveTime
 WHERE DeploymentId = @DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation;'),

('InsertMembershipVersionKey',
'INSERT OR IGNORE INTO OrleansMembershipVersionTable (DeploymentId) VALUES (@DeploymentId);
 SELECT changes();'),

('InsertMembershipKey',
'BEGIN IMMEDIATE;
 UPDATE OrleansMembershipVersionTable SET Version = Version + 1, Timestamp = CURRENT_TIMESTAMP
 WHERE DeploymentId = @DeploymentId AND Version = @Version AND NOT EXISTS
 (
     SELECT 1 FROM OrleansMembershipTable
     WHERE DeploymentId = @DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation
 );
 INSERT INTO OrleansMembershipTable
     (DeploymentId, Address, Port, Generation, SiloName, HostName, Status, ProxyPort, StartTime, IAmAliveTime)
 SELECT @DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime
 WHERE changes() > 0;
 SELECT changes();
 COMMIT;'),

('UpdateMembershipKey',
'BEGIN IMMEDIATE;
 UPDATE OrleansMembershipVersionTable SET Version = Version + 1, Timestamp = CURRENT_TIMESTAMP
 WHERE DeploymentId = @DeploymentId AND Version = @Version;
 UPDATE OrleansMembershipTable SET Status = @Status, SuspectTimes = @SuspectTimes, IAmAliveTime = @IAmAliveTime
 WHERE DeploymentId = @DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation AND changes() > 0;
 SELECT changes();
 COMMIT;'),

('MembershipReadRowKey',
'SELECT v.DeploymentId, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes, m.StartTime,
        m.IAmAliveTime, v.Version
 FROM OrleansMembershipVersionTable v
 LEFT OUTER JOIN OrleansMembershipTable m
     ON v.DeploymentId = m.DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation
 WHERE v.DeploymentId = @DeploymentId;'),

('MembershipReadAllKey',
'SELECT v.DeploymentId, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes, m.StartTime,
        m.IAmAliveTime, v.Version
 FROM OrleansMembershipVersionTable v
 LEFT OUTER JOIN OrleansMembershipTable m ON v.DeploymentId = m.DeploymentId
 WHERE v.DeploymentId = @DeploymentId;'),

('DeleteMembershipTableEntriesKey',
'DELETE FROM OrleansMembershipTable WHERE DeploymentId = @DeploymentId;
 DELETE FROM OrleansMembershipVersionTable WHERE DeploymentId = @DeploymentId;'),

('GatewaysQueryKey',
'SELECT Address, ProxyPort, Generation FROM OrleansMembershipTable
 WHERE DeploymentId = @DeploymentId AND Status = @Status AND ProxyPort > 0;'),

('CleanupDefunctSiloEntriesKey',
'DELETE FROM OrleansMembershipTable
 WHERE DeploymentId = @DeploymentId AND IAmAliveTime < @IAmAliveTime AND Status != 3;');
