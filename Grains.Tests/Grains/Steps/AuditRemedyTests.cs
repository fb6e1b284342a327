using System.Globalization;
using System.Text.RegularExpressions;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Client;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Steps;

/// <summary>What an audit's finding says is to be done about the steps before it, done word by word, on a run with wrong steps.</summary>
[Slow]
public sealed partial class AuditRemedyTests
{
    private const int FirstWrong = 13;

    /// <summary>Steps 13 to 20 are wrong; 21 is the next audited one. The one audited before them is 11, or there is none.</summary>
    [Theory]
    [InlineData(10)]
    [InlineData(null)]
    public async Task CommandsOfTheFinding_NameTheFirstWrongStep_AndBeginARunWithoutIt(int? every)
    {
        var (faulty, calls) = (new FaultySilo { Bits = 1 << 22 }, new TrainerCalls());
        await using var silos = await TestSilos.Start(3, silo =>
        {
            faulty.AddTo(silo);
            silo.AddIncomingGrainCallFilter(calls);
        });
        var spec = Spec(every);
        using var sound = calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 0, FirstWrong - 1));
        var id = await silos.Submit(spec);
        await sound.Reached;
        var coordinator = silos.Grains.GetGrain<ICoordinatorGrain>(id.Text);
        string home = (await coordinator.GetStatus()).Trainers[0].Silo;
        var wrong = silos.Cluster.Silos.Single(silo => home.Contains($"{silo.SiloAddress.Endpoint}", StringComparison.Ordinal));
        faulty.Begin(wrong.SiloAddress);
        using var audited = calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 0, 20));
        sound.Continue();
        await audited.Reached;
        var asked = every is null ? coordinator.AuditNext(new(ProtocolVersion.Current)) : null;
        await coordinator.GetStatus();
        audited.Continue();
        await silos.Until<UnlikeBitsFound>(id, _ => true);
        var run = await silos.Watch(id);

        var finding = Assert.Single(run.Status.Audit!.Findings);
        if (asked is not null)
            Assert.Equal(finding.Words, (await asked).Audited!.Finding!.Words);
        Assert.Equal((wrong.SiloAddress.ToParsableString(), every is null ? null : 11L), (finding.Address, finding.CleanStep));
        string[] commands = [.. Commands().Matches(finding.Words).Select(command => command.Groups[1].Value)];
        Assert.Equal(2, commands.Length);

        // "computes them again and says whether one is wrong"
        using var console = new ScriptedConsole();
        Assert.Equal(ExitCode.Unequal, await Type(console, silos, commands[0]));
        Assert.Contains($"not equal  step {FirstWrong}: ", console.Output, StringComparison.Ordinal);

        // "end that silo, and ... begins a run with the state before"
        await silos.Cluster.KillSiloAsync(wrong, TestContext.Current.CancellationToken);
        string fork = commands[1].Replace("STEP", $"{FirstWrong - 1}", StringComparison.Ordinal);
        Assert.Equal(ExitCode.BadSpec, await Type(console, silos, $"{fork} --set model.hiddenSize=3"));
        Assert.Contains("model.hiddenSize: found a change, expected a key that leaves", console.Error, StringComparison.Ordinal);
        string[] words = fork.Split(' ');
        var request = new ForkRequest(
            RunId.Parse($"{id}-mended"), RunId.Parse(words[1]), long.Parse(words[3], CultureInfo.InvariantCulture), [],
            Protocol: ProtocolVersion.Current);
        Assert.Equal(("fork", id.Text, "--at"), (words[0], words[1], words[2]));
        Assert.Empty((await silos.Grains.GetGrain<ICatalogGrain>(0).Fork(request)).Problems);
        var child = await silos.Watch(request.Run);

        var oracle = Oracle.Of(spec);
        Bits.Same(oracle.Output.Parameters, child.Model(oracle.State.Layout));
        Assert.Equal(oracle.State.Hash(), child.Status.StateHash);
        Assert.NotEqual(oracle.State.Hash(), run.Status.StateHash);
    }

    private static Task<int> Type(ScriptedConsole console, TestSilos silos, string command) =>
        console.RunBareAsync([.. command.Split(' '), "--runs", silos.Store]);

    private static RunSpec Spec(int? every)
    {
        var spec = TestSpecs.Average(trainers: 3, epochs: 3, validationFraction: 0.2);
        return spec with
        {
            Audit = every is { } steps ? new() { Every = steps } : null,
            Data = spec.Data.From<AverageSource>(average => average with { SequenceLength = 40 }),
        };
    }

    [GeneratedRegex("'tbptt ([^']+)'")]
    private static partial Regex Commands();
}
