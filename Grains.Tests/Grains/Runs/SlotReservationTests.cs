using Microsoft.Extensions.DependencyInjection;
using Orleans.Tbptt.Grains.Runs;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Runs;

/// <summary>What a run that has its slots keeps of its grant.</summary>
public sealed class SlotReservationTests
{
    private const int Trainers = 3;

    /// <summary>Else a run that ends within the reservation's time would keep slots that nobody uses from the next one.</summary>
    [Fact(Timeout = 60_000)]
    public async Task Run_GivesItsReservationBack_AsSoonAsItsTrainersArePlaced()
    {
        var withdrawals = new Withdrawals();
        await using var silos = await TestSilos.Start(1, silo => silo.AddIncomingGrainCallFilter(withdrawals));
        var run = await silos.Submit(TestSpecs.Average(trainers: Trainers, epochs: 1_000_000));

        var (withdrawn, trainers) = await withdrawals.First.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((run, Trainers), (withdrawn, trainers));

        var coordinator = silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        Assert.False((await coordinator.GetStatus()).HasEnded);
        await coordinator.StopRun("seen enough");
        await silos.Watch(run);
    }

    private sealed class Withdrawals : IIncomingGrainCallFilter
    {
        private readonly TaskCompletionSource<(RunId Run, int Trainers)> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The first one, and how many trainers the run had by then.</summary>
        public Task<(RunId Run, int Trainers)> First => _first.Task;

        public async Task Invoke(IIncomingGrainCallContext context)
        {
            await context.Invoke();
            if (context.InterfaceMethod.DeclaringType == typeof(ISlotQueueGrain)
                && context.InterfaceMethod.Name == nameof(ISlotQueueGrain.Withdraw))
            {
                var run = (RunId)context.Request.GetArgument(0)!;
                var silo = context.TargetContext.ActivationServices.GetRequiredService<SiloSelf>();
                _first.TrySetResult((run, silo.Report().Trainers.Count(trainer => trainer.Run == run)));
            }
        }
    }
}
