-- What Orleans' ADO.NET clustering provider and the grain directory ask of a database, in PostgreSQL. Run as one transaction; each statement leaves alone
-- what is already there. Several programs may run it at once: they wait for each other here. Status 3 is SiloStatus.Active.
SELECT pg_advisory_xact_lock(7526763124);

CREATE TABLE IF NOT EXISTS OrleansQuery
(
    QueryKey VARCHAR(64) PRIMARY KEY,
    QueryText TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS OrleansMembershipVersionTable
(
    DeploymentId VARCHAR(150) PRIMARY KEY,
    Timestamp TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
    Version INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS OrleansMembershipTable
(
    DeploymentId VARCHAR(150) NOT NULL REFERENCES OrleansMembershipVersionTable (DeploymentId),
    Address VARCHAR(45) NOT NULL,
    Port INTEGER NOT NULL,
    Generation INTEGER NOT NULL,
    SiloName VARCHAR(150) NOT NULL,
    HostName VARCHAR(150) NOT NULL,
    Status INTEGER NOT NULL,
    ProxyPort INTEGER,
    SuspectTimes VARCHAR(8000),
    StartTime TIMESTAMPTZ(3) NOT NULL,
    IAmAliveTime TIMESTAMPTZ(3) NOT NULL,
    PRIMARY KEY (DeploymentId, Address, Port, Generation)
);

CREATE TABLE IF NOT EXISTS TbpttGrainDirectory
(
    ClusterId VARCHAR(150) NOT NULL,
    GrainId VARCHAR(768) NOT NULL,
    SiloAddress VARCHAR(100) NOT NULL,
    ActivationId VARCHAR(100) NOT NULL,
    PRIMARY KEY (ClusterId, GrainId)
);

-- A change of the table and of its version are one statement. Of two silos that change the same version, the second waits for the first to commit, then
-- finds another version and changes nothing.
INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES
('UpdateIAmAlivetimeKey',
'UPDATE OrleansMembershipTable SET IAmAliveTime = @IAmAliveTime
 WHERE DeploymentId = @DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation'),

('InsertMembershipVersionKey',
'WITH added AS
 (
     INSERT INTO OrleansMembershipVersionTable (DeploymentId) VALUES (@DeploymentId) ON CONFLICT DO NOTHING RETURNING 1
 )
 SELECT COUNT(*)::INTEGER FROM added'),

('InsertMembershipKey',
'WITH changed AS
 (
     UPDATE OrleansMembershipVersionTable SET Version = Version + 1, Timestamp = now()
     WHERE DeploymentId = @DeploymentId AND Version = @Version AND NOT EXISTS
     (
         SELECT 1 FROM OrleansMembershipTable
         WHERE DeploymentId = @DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation
     )
     RETURNING DeploymentId
 ), added AS
 (
     INSERT INTO OrleansMembershipTable
         (DeploymentId, Address, Port, Generation, SiloName, HostName, Status, ProxyPort, StartTime, IAmAliveTime)
     SELECT DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime FROM changed
     RETURNING 1
 )
 SELECT COUNT(*)::INTEGER FROM added'),

('UpdateMembershipKey',
'WITH changed AS
 (
     UPDATE OrleansMembershipVersionTable SET Version = Version + 1, Timestamp = now()
     WHERE DeploymentId = @DeploymentId AND Version = @Version
     RETURNING DeploymentId
 ), updated AS
 (
     UPDATE OrleansMembershipTable AS m SET Status = @Status, SuspectTimes = @SuspectTimes, IAmAliveTime = @IAmAliveTime
     FROM changed
     WHERE m.DeploymentId = changed.DeploymentId AND m.Address = @Address AND m.Port = @Port AND m.Generation = @Generation
     RETURNING 1
 )
 SELECT COUNT(*)::INTEGER FROM updated'),

('MembershipReadRowKey',
'SELECT v.DeploymentId, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes, m.StartTime,
        m.IAmAliveTime, v.Version
 FROM OrleansMembershipVersionTable v
 LEFT OUTER JOIN OrleansMembershipTable m
     ON v.DeploymentId = m.DeploymentId AND m.Address = @Address AND m.Port = @Port AND m.Generation = @Generation
 WHERE v.DeploymentId = @DeploymentId'),

('MembershipReadAllKey',
'SELECT v.DeploymentId, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes, m.StartTime,
        m.IAmAliveTime, v.Version
 FROM OrleansMembershipVersionTable v
 LEFT OUTER JOIN OrleansMembershipTable m ON v.DeploymentId = m.DeploymentId
 WHERE v.DeploymentId = @DeploymentId'),

('DeleteMembershipTableEntriesKey',
'DELETE FROM OrleansMembershipTable WHERE DeploymentId = @DeploymentId;
 DELETE FROM OrleansMembershipVersionTable WHERE DeploymentId = @DeploymentId'),

('GatewaysQueryKey',
'SELECT Address, ProxyPort, Generation FROM OrleansMembershipTable
 WHERE DeploymentId = @DeploymentId AND Status = @Status AND ProxyPort > 0'),

('CleanupDefunctSiloEntriesKey',
'DELETE FROM OrleansMembershipTable
 WHERE DeploymentId = @DeploymentId AND IAmAliveTime < @IAmAliveTime AND Status != 3')
ON CONFLICT (QueryKey) DO UPDATE SET QueryText = EXCLUDED.QueryText;
