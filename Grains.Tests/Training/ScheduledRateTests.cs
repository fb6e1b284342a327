using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Schedules;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.SingleProcess;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Tests.Training;

/// <summary>Updates are made with the scheduled rate, and reported with it.</summary>
public sealed class ScheduledRateTests
{
    private static readonly RunSpec Every = TestSpecs.Average();

    public static TheoryData<int> Rounds => [0, 4];

    [Theory]
    [MemberData(nameof(Rounds))]
    public void Steps_ReportTheScheduledRate(int round)
    {
        RunSpec spec = Scheduled(round, new CosineSchedule { Steps = 11, Warmup = 3 });

        var (rates, _, _) = Train(spec);

        Assert.True(rates.Count > 14);
        Assert.Equal(Enumerable.Range(0, rates.Count).Select(step => spec.Train.LearningRateAt(step, [])), rates);
        Assert.Equal(0, rates[^1]);
    }

    [Theory]
    [MemberData(nameof(Rounds))]
    public void Parameters_StayAsTheyAre_WhereTheRateIsZero(int round)
    {
        var (_, before, after) = Train(Scheduled(round, new LinearSchedule { Start = 0 }));

        Assert.Equal(before, after);
    }

    [Fact]
    public void Schedule_ChangesTheModel_AndAConstantOneDoesNot()
    {
        float[] plain = Train(Every).After;

        Assert.Equal(plain, Train(Scheduled(0, new LinearSchedule { End = 1 })).After);
        Assert.NotEqual(plain, Train(Scheduled(0, new ConstantSchedule { Warmup = 1 })).After);
    }

    private static RunSpec Scheduled(int round, ScheduleSpec schedule)
    {
        RunSpec spec = round == 0 ? Every
            : Every.InRounds(round) with { Train = Every.InRounds(round).Train with { Optimizer = new Sgd { Lr = 0.1 } } };
        return spec with { Train = spec.Train with { Schedule = schedule } };
    }

    private static (List<double> Rates, float[] Before, float[] After) Train(RunSpec spec)
    {
        using var prepared = PreparedRun.Prepare(spec);
        using var trainer = new SingleProcessTrainer(
            prepared.Spec, prepared.Data, () => new FusedReplica(prepared.Spec.Model, prepared.Spec.Train.Loss));
        float[] before = [.. trainer.State.Parameters];
        var rates = new List<double>();
        Assert.Null(trainer.Train(step => rates.Add(step.LearningRate)));
        return (rates, before, [.. trainer.State.Parameters]);
    }
}
