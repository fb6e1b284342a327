using Orleans.Tbptt.Grains.Transport;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>
/// Asks the spares of a link's trainers what the link is asked: each is put at the committed state first, where it is not. What they
/// give is summed here, over the nodes of the tree that the link's silo sums, so that it has the same bytes.
/// </summary>
/// <param name="roster">The run's trainers.</param>
/// <param name="spares">A spare of each of the link's trainers, in order.</param>
/// <param name="assign">What a trainer is given at the committed state, but for being a spare; null where they are there.</param>
internal sealed class SpareLink(Roster roster, IReadOnlyList<Spare> spares, Func<int, ShardAssignment>? assign) : ITrainerLink
{
    private readonly SumRoom _room = new();
    private ChunkAnswers? _answers;

    public IReadOnlyList<int> Trainers { get; } = [.. spares.Select(spare => spare.Trainer)];

    public IReadOnlyList<Subtree> Nodes => Order.Nodes();

    private ChunkOrder Order => new(
        roster.Run, Trainers, [.. spares.Select(spare => spare.Place)], roster.All.Count, roster.Lanes.Count);

    public void Offer(int generation, long step, IReadOnlyList<Task>? ready)
    {
        // Parameters go with the ticket.
    }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">An evaluation was asked for: its hidden state is no part of the committed state.</exception>
    public async Task<ChunkReply> Ask(ChunkWork work)
    {
        var ticket = work.Training ?? throw new NotSupportedException("spares compute steps only");
        var answers = _answers = new(Order, ticket.Generation, ticket.Step);
        for (int place = 0; place < spares.Count; place++)
        {
            var assignment = assign is null ? null : assign(spares[place].Trainer) with { IsSpare = true };
            answers.Expect(place, spares[place].Train(assignment, ticket));
        }

        await answers.All();
        return answers.Reply(_room);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">They were not asked, or did not all contribute.</exception>
    public async Task<SumBucket> FetchSum(int generation, long step, int bucket)
    {
        var answers = _answers ?? throw new InvalidOperationException($"no spare was asked for step {step}");
        await answers.All();
        return new(answers.Sums(bucket, _room));
    }

    public Task<IReadOnlyList<TrainerReply?>> Answers(int generation) => Task.FromResult(_answers?.SoFar ?? []);

    public void Dispose()
    {
    }
}
