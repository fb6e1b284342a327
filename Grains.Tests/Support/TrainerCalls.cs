using System.Collections.Concurrent;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Tests.Support;

/// <summary>One call of a trainer grain. The step is the chunk for an evaluation, and committed steps for an assignment.</summary>
internal sealed record TrainerCall(string Method, string Run, int Trainer, int Generation, long Step)
{
    /// <summary>Which of its lives the trainer is in.</summary>
    public int Place { get; private init; }

    /// <summary>Whether it is an evaluation of the test.</summary>
    public bool IsTest { get; private init; }

    public static TrainerCall Of(IIncomingGrainCallContext context)
    {
        long trainer = context.TargetId.GetIntegerKey(out string? run);
        var (generation, step) = context.Request.GetArgument(0) switch
        {
            ShardAssignment assignment => (assignment.Generation, assignment.Step),
            StepTicket ticket => (ticket.Generation, ticket.Step),
            RoundTicket ticket => (ticket.Generation, ticket.Step),
            EvaluationTicket ticket => (ticket.Generation, ticket.Chunk),
            int asked => (asked, -1),
            var other => throw new InvalidOperationException($"unknown argument {other}"),
        };
        return new(context.InterfaceMethod.Name, TrainerPlace.Parse(run!).Run.Text, (int)trainer, generation, step)
        {
            Place = TrainerPlace.Parse(run!).Number,
            IsTest = context.Request.GetArgument(0) is EvaluationTicket { Part: HeldOutPart.Test },
        };
    }

    public bool Is(string method, int trainer, long step) => Method == method && Trainer == trainer && Step == step;
}

/// <summary>Meddles with the calls of trainers: before the work, in its place, or when it is done and only the reply is missing.</summary>
internal sealed class TrainerCalls : IIncomingGrainCallFilter
{
    public ConcurrentQueue<TrainerCall> All { get; } = [];

    public Func<TrainerCall, Task> Before { get; set; } = _ => Task.CompletedTask;

    public Func<TrainerCall, TrainerReply?> Instead { get; set; } = _ => null;

    public Func<TrainerCall, Task> After { get; set; } = _ => Task.CompletedTask;

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.InterfaceMethod.DeclaringType != typeof(ITrainerGrain))
        {
            await context.Invoke();
            return;
        }

        var call = TrainerCall.Of(context);
        All.Enqueue(call);
        await Before(call);
        if (Instead(call) is { } reply)
        {
            context.Result = reply;
            return;
        }

        await context.Invoke();
        await After(call);
    }

    public void Reset()
    {
        All.Clear();
        Before = After = _ => Task.CompletedTask;
        Instead = _ => null;
    }

    /// <summary>Stops the calls that a predicate names until the test lets them continue, or ends.</summary>
    public Halt HaltBefore(Func<TrainerCall, bool> which)
    {
        var halt = new Halt();
        Before = call => which(call) ? halt.Pass() : Task.CompletedTask;
        return halt;
    }
}

/// <summary>A place where calls wait; none is left behind there by a test that fails.</summary>
internal sealed class Halt : IDisposable
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when a call waits here.</summary>
    public Task Reached => _reached.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

    public void Continue() => _goOn.TrySetResult();

    public void Dispose() => Continue();

    internal Task Pass()
    {
        _reached.TrySetResult();
        return _goOn.Task;
    }
}
