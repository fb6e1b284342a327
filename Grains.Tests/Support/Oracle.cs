using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.SingleProcess;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Support;

/// <summary>What a run must give, from the single-process trainer.</summary>
internal sealed record Oracle(IReadOnlyList<StepOutcome.Committed> Steps, IReadOnlyList<double> EpochLosses,
    IReadOnlyList<double?> ValidationLosses, HeldOutFigures? HeldOut, HeldOutFigures? Test, TrainingState State,
    RunOutput Output, string? EndedEarly)
{
    public static Oracle Of(RunSpec spec)
    {
        using var prepared = PreparedRun.Prepare(spec);
        using var trainer = new SingleProcessTrainer(
            prepared.Spec, prepared.Data, () => Engine.Open(prepared.Spec, DeviceName.Cpu));
        List<StepOutcome.Committed> steps = [];
        List<double> epochs = [];
        List<double?> validation = [];
        Assert.Null(trainer.Train(steps.Add, (_, loss, held) =>
        {
            epochs.Add(loss);
            validation.Add(held);
        }));
        return new(steps, epochs, validation, trainer.EvaluateHeldOut(), trainer.EvaluateHeldOut(HeldOutPart.Test), trainer.State,
            trainer.Output, trainer.EndedEarly);
    }
}
