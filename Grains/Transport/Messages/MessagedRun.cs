using System.Collections.Concurrent;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Transport.Messages;

/// <summary>What this silo keeps of a run whose requests come as messages: parameters that were offered, and memory for sums.</summary>
internal sealed class MessagedRun(RunTrainers trainers)
{
    private readonly OfferedParameters _parameters = new();
    private readonly SumRoom _room = new();

    /// <summary>The run's trainers here.</summary>
    public RunTrainers Trainers => trainers;

    /// <summary>Takes a bucket of parameters.</summary>
    public void Offer(ParameterBucket bucket)
    {
        if (bucket.Generation >= trainers.Generation)
            _parameters.Take(bucket);
        bucket.Values.Dispose();
    }

    /// <summary>Has trainers train on a chunk, or evaluate one.</summary>
    public async Task<ChunkReply> Ask(ChunkRequest request)
    {
        var work = request.Work;
        try
        {
            bool areOffered = work.NeedsParameters && work.Parameters.Length == 0;
            var offered = areOffered ? GradientBuffer.Wrap(await _parameters.Of(work.Generation, work.Step)) : null;
            var answers = await trainers.Ask(request, offered, Scheduling.OwnThread);

            // The room belongs to the last request.
            return answers is not null && trainers.IsLast(answers) ? answers.Reply(_room) : trainers.Refuse(request);
        }
        catch (OperationCanceledException)
        {
            return trainers.Refuse(request);
        }
    }

    /// <summary>A bucket of the last step's sums.</summary>
    public async Task<SumBucket> FetchSum(int generation, long step, int bucket)
    {
        var last = trainers.Last(generation, step);

        // A lone trainer's gradient goes as it is; others are summed, which would hold up other runs' calls here.
        return new(last.Gradients is { Count: > 1 } ? await Task.Run(() => last.Sums(bucket, _room)) : last.Sums(bucket, _room));
    }
}

/// <summary>The runs whose requests reach this silo as messages.</summary>
internal sealed class MessagedRuns
{
    private readonly ConcurrentDictionary<RunId, MessagedRun> _runs = [];
    private readonly SiloTrainers _trainers;

    /// <summary>Begins without any; a run's last trainer takes the run's entry with it.</summary>
    public MessagedRuns(SiloTrainers trainers, SiloOccupants occupants)
    {
        _trainers = trainers;
        occupants.LastTrainerLeft += run => _runs.TryRemove(run, out _);
    }

    /// <summary>What is kept of a run.</summary>
    public MessagedRun Of(RunId run) => _runs.GetOrAdd(run, _ => new(_trainers.Of(run)));
}
