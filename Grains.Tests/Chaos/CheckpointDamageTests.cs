using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Chaos.Harness;

namespace Orleans.Tbptt.Tests.Chaos;

/// <summary>Checkpoints are damaged while no silo lives: the one before is taken, and the run says so.</summary>
public sealed class CheckpointDamageTests(ChaosReport report) : ChaosTest(report)
{
    private static readonly RunSpec Spec = RecoverySpecs.Longer(3, "train.trainers=1");

    /// <summary>What can become of a checkpoint's directory; the second one is the checkpoint before it.</summary>
    private static readonly (string Name, Action<string, string> Do)[] Ways =
    [
        ("the model is cut short", (newest, _) => Edit(newest, "model.safetensors", bytes => bytes[..^7])),
        ("the model is empty", (newest, _) => Edit(newest, "model.safetensors", _ => [])),
        ("a bit of the model's last number is flipped", (newest, _) =>
            Edit(newest, "model.safetensors", bytes => Flip(bytes, bytes.Length - 2))),
        ("a bit of the model's header is flipped", (newest, _) => Edit(newest, "model.safetensors", bytes => Flip(bytes, 20))),
        ("a bit of the optimizer's averages is flipped", (newest, _) =>
            Edit(newest, "optimizer.safetensors", bytes => Flip(bytes, bytes.Length / 2))),
        ("the optimizer's file has a byte too many", (newest, _) => Edit(newest, "optimizer.safetensors", bytes => [.. bytes, 0])),
        ("the hidden state is missing", (newest, _) => File.Delete(Path.Combine(newest, "hidden.safetensors"))),
        ("the hidden state is that of the checkpoint before", (newest, before) =>
            File.Copy(Path.Combine(before, "hidden.safetensors"), Path.Combine(newest, "hidden.safetensors"), overwrite: true)),
        ("state.json is cut short", (newest, _) => Edit(newest, "state.json", bytes => bytes[..(bytes.Length / 2)])),
        ("state.json is missing", (newest, _) => File.Delete(Path.Combine(newest, "state.json"))),
    ];

    /// <summary>
    /// Ten runs, each damaged in another way: nine are paused, so that none is over before all of them lie there, and resumed; the last one
    /// is killed in training, and taken over.
    /// </summary>
    [Fact(Timeout = Limit)]
    public async Task Run_ContinuesFromTheCheckpointBefore_WhenTheNewestIsDamagedInAnyOfTenWays()
    {
        Assert.Equal(10, Ways.Length);
        var setup = new ChaosSetup(Workplace, MembershipStore.Redis(await StartRedisAsync())) { Slots = Ways.Length };
        var cluster = await StartClusterAsync(setup, silos: 1);
        List<RunRecorder> runs = [];
        foreach (var _ in Ways)
        {
            var run = await cluster.SubmitAsync(Spec);
            await run.Await<CheckpointWritten>("two checkpoints", _ => Checkpoints.Of(run.Run).Count >= 2);
            runs.Add(run);
            if (runs.Count < Ways.Length)
                Assert.Equal("", (await cluster.Coordinator(run.Id).PauseRun("to be damaged")).Problem);
        }

        await cluster.KillAllAsync();
        var damaged = runs.Zip(Ways, (run, way) =>
        {
            var (newest, before) = (Checkpoints.Newest(run.Run), Path.Combine(run.Run.Checkpoints, Checkpoints.Of(run.Run)[^2]));
            way.Do(newest, before);
            return (Run: run, way.Name, Newest: Path.GetFileName(newest), Before: Path.GetFileName(before), Last: run.Events[^1]);
        }).ToList();

        await cluster.StartSilosAsync(1);
        await cluster.AllActiveAsync();
        foreach (var (run, name, newest, before, last) in damaged)
        {
            long after = last.Number;
            if (last is RunPaused)
                await cluster.ResumeAsync(run);
            var started = await run.Await<RunStarted>($"the takeover after: {name}", _ => true, after);
            Assert.True(started.PassedOver.Any(one => one.Contains(newest)),
                $"{name}: passed over {string.Join("; ", started.PassedOver)}");
            Assert.Equal(before, started.Checkpoint);
            TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {string.Join("; ", started.PassedOver)}");
            await run.AwaitEnd(after);
            ChaosAssert.SameBits(Spec, run);
        }
    }

    [Fact(Timeout = Limit)]
    public async Task Run_StopsWithItsCause_WhenNoCheckpointIsWhole_AndBeginsAgainOnlyWhenAsked()
    {
        var cluster = await StartClusterAsync(silos: 1);
        var run = await cluster.SubmitAsync(RecoverySpecs.Standard);
        await run.Await<CheckpointWritten>("two checkpoints", _ => Checkpoints.Of(run.Run).Count >= 2);
        await cluster.KillAllAsync();
        foreach (string checkpoint in Checkpoints.Of(run.Run))
            Edit(Path.Combine(run.Run.Checkpoints, checkpoint), "model.safetensors", bytes => Flip(bytes, bytes.Length - 1));
        long last = run.Events[^1].Number;

        await cluster.StartSilosAsync(1);
        var end = await run.AwaitEnd(last);
        Assert.Equal(RunState.Failed, end.State);
        Assert.Contains("checkpoint", end.Message, StringComparison.Ordinal);
        var refused = await ChaosClient.Ask<ControlReply>("the refusal", async () =>
            await cluster.Coordinator(run.Id).ResumeRun(new(Protocol: ProtocolVersion.Current)));
        Assert.NotEqual("", refused.Problem);
        Assert.All(run.Events.Where(one => one.Number > last).OfType<StepCommitted>(), step =>
            Assert.Fail($"step {step.Step} was trained"));

        var reply = await cluster.Coordinator(run.Id).ResumeRun(new(FromStart: true, Protocol: ProtocolVersion.Current));
        Assert.Equal("", reply.Problem);
        await run.AwaitEnd(run.Events.OfType<RunEnded>().Last().Number);
        ChaosAssert.SameBits(RecoverySpecs.Standard, run);
    }

    private static void Edit(string checkpoint, string name, Func<byte[], byte[]> change)
    {
        string file = Path.Combine(checkpoint, name);
        File.WriteAllBytes(file, change(File.ReadAllBytes(file)));
    }

    private static byte[] Flip(byte[] bytes, int place)
    {
        bytes[place] ^= 0x10;
        return bytes;
    }
}
