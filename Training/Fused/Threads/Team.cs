using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Orleans.Tbptt.Training.Fused.Threads;

/// <summary>
/// The threads of one replica: the one that calls, and others of its own, which wait in between. Every sum of the engine is one chain of
/// operations on every thread, so that how many there are changes no bit.
/// </summary>
/// <remarks>
/// A member that has nothing to do looks for work for some ten microseconds, because the next product of a step is about to come, and then
/// sleeps until it is woken. Nothing is allocated for a piece of work. Not thread-safe: one thread at a time calls.
/// </remarks>
internal sealed unsafe class Team : IDisposable
{
    /// <summary>How often a thread looks for what it waits for before it goes to sleep.</summary>
    private const int Looks = 200;

    /// <summary>Pauses between two looks, of some ten nanoseconds each.</summary>
    private const int Pauses = 8;

    private readonly object _gate = new();
    private readonly Thread[] _threads;
    private delegate*<void*, int, void> _call;
    private void* _work;
    private volatile Exception? _problem;
    private volatile int _turn;
    private volatile int _working;
    private volatile bool _isEnding;
    private volatile bool _isAtWork;
    private int _asleep;

    /// <summary>Starts the threads.</summary>
    /// <param name="size">Threads, the caller's included; 1 for the caller's alone.</param>
    /// <param name="least">
    /// Multiply-adds of work from which on it is shared: less takes no longer than to bring another core its numbers.
    /// </param>
    public Team(int size, long least = 2_500_000)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        (Size, Least) = (size, least);
        _threads = new Thread[size - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int member = i + 1;
            _threads[i] = new(() => Serve(member)) { IsBackground = true, Name = $"replica, thread {member + 1} of {size}" };
            _threads[i].UnsafeStart();
        }
    }

    /// <summary>A team of the caller alone.</summary>
    public static Team Alone { get; } = new(1);

    /// <summary>Members, the caller included.</summary>
    public int Size { get; }

    /// <summary>Multiply-adds of work, or what takes as long, from which on it is shared.</summary>
    public long Least { get; }

    /// <summary>Whether work is worth being shared, and the members are not at work already.</summary>
    /// <param name="cost">Its multiply-adds, or what takes as long.</param>
    public bool Shares(long cost) => Size > 1 && cost >= Least && !_isAtWork;

    /// <summary>
    /// Has all members do their share, and returns when they have. A member that calls it while they are at work does all shares itself.
    /// </summary>
    /// <exception cref="Exception">What a member's share threw, after all have ended.</exception>
    public void Run<TWork>(TWork work) where TWork : struct, ITeamWork
    {
        if (Size == 1 || _isAtWork)
        {
            for (int member = 0; member < Size; member++)
                work.Do(member);
            return;
        }

        // It stays at its place on this thread's stack until all have ended.
        _call = &Call<TWork>;
        _work = Unsafe.AsPointer(ref work);
        (_problem, _working, _isAtWork) = (null, _threads.Length, true);
        _turn++;
        Wake();
        Call(0);
        AwaitEnd();
        _isAtWork = false;
        if (_problem is { } problem)
            ExceptionDispatchInfo.Throw(problem);
    }

    /// <summary>Divides a range among the members, each with a contiguous part; the caller does it alone where it is little work.</summary>
    /// <param name="work">Does a part.</param>
    /// <param name="count">The range's length.</param>
    /// <param name="grain">Every part but the last is a multiple of so many.</param>
    /// <param name="cost">Multiply-adds of the whole, or what takes as long.</param>
    public void Share<TWork>(TWork work, int count, int grain, long cost) where TWork : struct, IRangeWork
    {
        if (Shares(cost) && count > grain)
            Run(new RangeShares<TWork>(work, count, grain, Size));
        else if (count > 0)
            work.Do(0, 0, count);
    }

    /// <summary>Waits until another member has come so far.</summary>
    /// <param name="progress">What that member counts up with <see cref="Volatile"/> writes.</param>
    /// <param name="wanted">How far.</param>
    /// <exception cref="OperationCanceledException">A member's share has failed.</exception>
    public void AwaitProgress(ref int progress, int wanted)
    {
        var spin = new SpinWait();
        while (Volatile.Read(ref progress) < wanted)
        {
            if (_problem is not null)
                throw new OperationCanceledException();
            spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        if (_threads.Length == 0 || _isEnding)
            return;
        _isEnding = true;
        Wake();
        foreach (var thread in _threads)
            thread.Join();
    }

    private static void Call<TWork>(void* work, int member) where TWork : struct, ITeamWork => Unsafe.AsRef<TWork>(work).Do(member);

    private void Serve(int member)
    {
        for (int turn = 1; ; turn++)
        {
            AwaitTurn(turn);
            if (_isEnding)
                return;
            Call(member);
            if (Interlocked.Decrement(ref _working) == 0)
                Wake();
        }
    }

    private void Call(int member)
    {
        try
        {
            _call(_work, member);
        }
#pragma warning disable CA1031 // Whatever it is, it belongs to the caller.
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (_problem is null or OperationCanceledException)
                _problem = e;
        }
    }

    private void AwaitTurn(int turn)
    {
        for (int look = 0; look < Looks; look++)
        {
            if (_turn == turn || _isEnding)
                return;
            Thread.SpinWait(Pauses);
        }

        lock (_gate)
        {
            Interlocked.Increment(ref _asleep);
            while (_turn != turn && !_isEnding)
                Monitor.Wait(_gate);
            Interlocked.Decrement(ref _asleep);
        }
    }

    private void AwaitEnd()
    {
        for (int look = 0; look < Looks; look++)
        {
            if (_working == 0)
                return;
            Thread.SpinWait(Pauses);
        }

        lock (_gate)
        {
            Interlocked.Increment(ref _asleep);
            while (_working > 0)
                Monitor.Wait(_gate);
            Interlocked.Decrement(ref _asleep);
        }
    }

    /// <summary>
    /// Wakes those who sleep: they look once more after they have said so, this thread looks for them after its own change.
    /// </summary>
    private void Wake()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _asleep) == 0)
            return;
        lock (_gate)
            Monitor.PulseAll(_gate);
    }

    private readonly struct RangeShares<TWork>(TWork work, int count, int grain, int size) : ITeamWork where TWork : struct, IRangeWork
    {
        public void Do(int member)
        {
            int first = Start(member), end = Start(member + 1);
            if (first < end)
                work.Do(member, first, end);
        }

        private int Start(int member)
        {
            int grains = (count + grain - 1) / grain;
            return (int)Math.Min((long)grains * member / size * grain, count);
        }
    }
}
