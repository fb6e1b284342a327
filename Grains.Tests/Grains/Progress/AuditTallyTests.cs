using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Grains.Progress;

public sealed class AuditTallyTests
{
    [Fact]
    public void Findings_AreTheNewestOfEachSilo()
    {
        var audit = AuditTally.Add(null, Finding(1, "first"));
        for (int step = 2; step <= 30; step++)
            audit = AuditTally.Add(audit, Finding(step, "second"));

        Assert.Equal([1, .. Enumerable.Range(11, AuditTally.MostFindings)], audit.Findings.Select(one => (int)one.Step));
    }

    private static AuditFinding Finding(long step, string address) => new(step, [0], ["one", "other"], "loss", address, address, null);
}
