using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Grains.Transport;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>One request to trainers: who has answered what so far. What arrives when it is over changes nothing any more.</summary>
/// <remarks>Runs on the coordinator's scheduler.</remarks>
internal sealed class GroupAsk
{
    /// <summary>How long a silo may take to say which of its trainers have answered.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Roster _roster;
    private readonly TimeProvider _time;
    private readonly Action<Exception, int> _lost;
    private readonly TrainerReply?[] _replies;
    private readonly List<Call> _calls = [];
    private TaskCompletionSource _over = new();

    /// <summary>Begins a request.</summary>
    /// <param name="roster">The run's trainers.</param>
    /// <param name="trainers">Which of them are asked, in order.</param>
    /// <param name="busy">What they do meanwhile.</param>
    /// <param name="time">The clock.</param>
    /// <param name="lost">Is notified of a call that failed, and of the trainer that is lost by it.</param>
    public GroupAsk(Roster roster, IReadOnlyList<int> trainers, TrainerState busy, TimeProvider time, Action<Exception, int> lost)
    {
        (_roster, Trainers, _time, _lost) = (roster, trainers, time, lost);
        _replies = new TrainerReply?[roster.All.Count];
        foreach (int trainer in trainers)
            roster.Set(trainer, busy);
    }

    /// <summary>Which trainers are asked, in order.</summary>
    public IReadOnlyList<int> Trainers { get; }

    /// <summary>Their replies so far, in the same order.</summary>
    public IReadOnlyList<TrainerReply?> Replies => [.. Trainers.Select(trainer => _replies[trainer])];

    /// <summary>Completes when the request is over before all have answered.</summary>
    public Task Over => _over.Task;

    /// <summary>A call has been made.</summary>
    /// <param name="trainers">The trainers it is to, in order.</param>
    /// <param name="reply">Their replies, in the same order.</param>
    /// <param name="answers">Asks which of them have answered so far; null where the call is one trainer's alone.</param>
    /// <param name="taken">Is notified of the reply.</param>
    public void Add(
        IReadOnlyList<int> trainers, Task<ChunkReply> reply, Func<Task<IReadOnlyList<TrainerReply?>>>? answers = null,
        Action<ChunkReply>? taken = null)
    {
        var call = new Call(trainers, reply, answers, taken);
        _calls.Add(call);
        TakeWhenDone(call).Ignore();
    }

    /// <summary>Spares of a call's trainers are asked, too: while they are, a call that fails is not lost.</summary>
    /// <param name="trainers">The call's trainers, in order.</param>
    /// <param name="asked">Completes, without error, when they have answered, or cannot.</param>
    public void Spare(IReadOnlyList<int> trainers, Task asked)
    {
        var call = CallTo(trainers);
        call.Spares = call.Spares is null ? asked : Task.WhenAll(call.Spares, asked);
        TakeWhenSpared(call, call.Spares).Ignore();
    }

    /// <summary>Whether a call has been answered.</summary>
    public bool HasAnswers => _calls.Exists(call => call.IsTaken);

    /// <summary>Whether a call's own trainers have given what was asked, before any spares.</summary>
    public bool HasAnswered(IReadOnlyList<int> trainers) => CallTo(trainers) is { IsTaken: true, IsReplaced: false, IsWhole: true };

    /// <summary>Whether nothing is known yet of what a call's trainers give.</summary>
    public bool IsOpen(IReadOnlyList<int> trainers) => !_over.Task.IsCompleted && !CallTo(trainers).IsTaken;

    /// <summary>Spares of a call's trainers have answered: what the call itself brings later is no part of the request.</summary>
    public void TakeInstead(IReadOnlyList<int> trainers, ChunkReply reply)
    {
        var call = CallTo(trainers);
        if (call.IsTaken)
            return;
        (call.IsTaken, call.IsReplaced) = (true, true);
        foreach (var (trainer, one) in trainers.Zip(reply.Replies))
            Take(trainer, one);
        EndWait();
    }

    /// <summary>Completes, without error, when every call has been answered or failed, or the request is over.</summary>
    public Task Answered() => Task.WhenAny(_calls is [var only] ? only.Reply : Task.WhenAll(_calls.Select(call => call.Reply)), _over.Task);

    /// <summary>
    /// Completes, without error, when the spares of a call that failed have answered, or the request is over; null where none is waited
    /// for.
    /// </summary>
    public Task? Spared => _over.Task.IsCompleted ? null
        : _calls.Find(call => call is { IsTaken: false, Spares.IsCompleted: false }) is { } failed
            ? Task.WhenAny(failed.Spares!, _over.Task) : null;

    /// <summary>Takes what has been answered by now.</summary>
    public void TakeAll()
    {
        foreach (var call in _calls)
            Take(call);
    }

    /// <summary>Shows those that have not answered as late, as far as their silo does not know better.</summary>
    public void MarkLate()
    {
        foreach (var call in _calls.Where(IsOpen))
            MarkLate(call).Ignore();
    }

    /// <summary>
    /// The time is over: those that have not answered, and those named, are lost. Where there are none, the coordinator itself was slow,
    /// and the request continues.
    /// </summary>
    /// <param name="others">Trainers that are lost although they answered.</param>
    /// <param name="reason">In words, why.</param>
    public async Task GiveUp(IReadOnlyList<int> others, string reason)
    {
        await Task.WhenAll(_calls.Where(IsOpen).Select(Look));

        // All of a silo's trainers have answered there, and the silo's own answer does not arrive: what they gave cannot be had.
        var stuck = _calls.Where(call => !call.IsTaken && !IsOpen(call)).SelectMany(call => call.Trainers).ToHashSet();
        int[] lost = [.. Trainers.Where(trainer => _replies[trainer] is null || others.Contains(trainer) || stuck.Contains(trainer))];
        foreach (int trainer in lost)
            Lose(trainer, new($"{_roster.SiloOf(trainer)} {reason}"));
        if (lost.Length > 0)
            _over.TrySetResult();
    }

    /// <summary>What trainers gave cannot be had: they are lost.</summary>
    public void Lose(IReadOnlyList<int> trainers, Exception why)
    {
        foreach (int trainer in trainers)
        {
            _lost(why, trainer);
            Lose(trainer, TrainerLost.By(why, _roster.SiloOf(trainer)));
        }
    }

    private Call CallTo(IReadOnlyList<int> trainers) => _calls.First(call => call.Trainers[0] == trainers[0]);

    private bool IsOpen(Call call) => call.Trainers.Any(trainer => _replies[trainer] is null);

    private void Lose(int trainer, TrainerLost reply)
    {
        _replies[trainer] = reply;
        _roster.Set(trainer, TrainerState.Lost);
    }

    /// <summary>
    /// A call that spares have answered may never end. So who waits for the answers waits no more once each call has been taken; the
    /// request is over only when what they bring has been gathered.
    /// </summary>
    private void EndWait()
    {
        if (!_calls.Exists(call => call.IsReplaced) || !_calls.TrueForAll(call => call.IsTaken))
            return;
        var waited = _over;
        _over = new();
        waited.TrySetResult();
    }

    private async Task TakeWhenSpared(Call call, Task spares)
    {
        // A call that failed while spares were asked is lost when none of them has answered.
        await spares;
        Take(call);
    }

    private async Task TakeWhenDone(Call call)
    {
        await ((Task)call.Reply).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (call is { IsReplaced: true, Reply.IsCompletedSuccessfully: true })
            call.Reply.Result.Discard();
        else
            Take(call);
    }

    private void Take(Call call)
    {
        if (call.IsTaken || !call.Reply.IsCompleted || (call.Spares is { IsCompleted: false } && !call.IsWhole))
            return;
        call.IsTaken = true;
        if (_over.Task.IsCompleted)
            return;
        if (!call.Reply.IsCompletedSuccessfully)
        {
            Lose(call.Trainers, call.Reply.Exception?.InnerException ?? new TaskCanceledException(call.Reply));
        }
        else if (call.Reply.Result.Replies is var replies && replies.Count != call.Trainers.Count)
        {
            Lose(call.Trainers, new InvalidDataException($"found {replies.Count} replies, expected {call.Trainers.Count}"));
        }
        else
        {
            foreach (var (trainer, reply) in call.Trainers.Zip(replies))
                Take(trainer, reply);
            call.Taken?.Invoke(call.Reply.Result);
        }

        EndWait();
    }

    private void Take(int trainer, TrainerReply reply)
    {
        _replies[trainer] = reply;
        _roster.Set(trainer, reply is TrainerLost or TrainerFault or Refusal ? TrainerState.Lost : TrainerState.Waiting);
    }

    private async Task MarkLate(Call call)
    {
        await Look(call);
        foreach (int trainer in call.Trainers.Where(trainer => !_over.Task.IsCompleted && _replies[trainer] is null))
            _roster.Set(trainer, TrainerState.Late);
    }

    /// <summary>Learns which of a silo's trainers have answered there; a silo that does not say leaves all of them open.</summary>
    private async Task Look(Call call)
    {
        if (call.Answers is not { } answers)
            return;
        await TakeAnswers(call, answers).WaitAsync(Patience, _time)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    private async Task TakeAnswers(Call call, Func<Task<IReadOnlyList<TrainerReply?>>> answers)
    {
        // A silo that cannot say which of its trainers hangs, hangs itself.
        foreach (var (trainer, reply) in call.Trainers.Zip(await answers()))
        {
            if (reply is not null && _replies[trainer] is null && !_over.Task.IsCompleted)
                Take(trainer, reply);
        }
    }

    private sealed record Call(
        IReadOnlyList<int> Trainers, Task<ChunkReply> Reply, Func<Task<IReadOnlyList<TrainerReply?>>>? Answers, Action<ChunkReply>? Taken)
    {
        public bool IsTaken { get; set; }

        /// <summary>Whether spares have answered before.</summary>
        public bool IsReplaced { get; set; }

        /// <summary>Completes when no spare is being asked; null where none has been.</summary>
        public Task? Spares { get; set; }

        public bool IsWhole => Reply.IsCompletedSuccessfully && Reply.Result.Replies.All(one => one is Contribution);
    }
}
