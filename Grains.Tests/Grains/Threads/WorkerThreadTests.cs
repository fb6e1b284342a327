using Orleans.Tbptt.Grains.Threads;

namespace Orleans.Tbptt.Tests.Grains.Threads;

public sealed class WorkerThreadTests
{
    [Fact]
    public async Task Thread_DoesItsWorkInOrder_OnOneThreadThatIsNobodyElses()
    {
        using var worker = new WorkerThread("test");
        List<int> order = [];

        int[] threads = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => worker.Run(() =>
        {
            order.Add(i);
            return Environment.CurrentManagedThreadId;
        })));

        Assert.Equal(Enumerable.Range(0, 100), order);
        Assert.Single(threads.Distinct());
        Assert.NotEqual(Environment.CurrentManagedThreadId, threads[0]);
    }

    [Fact]
    public async Task Work_IsDoneOnTheCallersThread_WhileTheThreadIsIdle_AndInItsTurnElse()
    {
        using var worker = new WorkerThread("test");
        using var mayEnd = new ManualResetEventSlim();
        int caller = Environment.CurrentManagedThreadId;
        bool isBusy = false;

        int idle = await InTurn(worker, () => Environment.CurrentManagedThreadId);
        var before = worker.Run(() =>
        {
            Volatile.Write(ref isBusy, true);
            mayEnd.Wait();
            return Environment.CurrentManagedThreadId;
        });
        while (!Volatile.Read(ref isBusy))
            Thread.Yield();
        var busy = InTurn(worker, () => (Environment.CurrentManagedThreadId, before.IsCompleted));
        Assert.False(busy.IsCompleted);
        mayEnd.Set();

        Assert.Equal(caller, idle);
        Assert.Equal((await before, true), await busy);
        await Assert.ThrowsAsync<DivideByZeroException>(() => InTurn<int>(worker, () => throw new DivideByZeroException()));
        Assert.Equal(1, await InTurn(worker, () => 1));
    }

    [Fact]
    public async Task Thread_Continues_WhenItsWorkThrows()
    {
        using var worker = new WorkerThread("test");

        await Assert.ThrowsAsync<DivideByZeroException>(() => worker.Run<int>(() => throw new DivideByZeroException()));
        Assert.Equal(1, await worker.Run(() => 1));
    }

    [Fact]
    public async Task Thread_FinishesWhatItHas_AndRefusesTheRest_OnceDisposed()
    {
        var worker = new WorkerThread("test");
        using var gate = new ManualResetEventSlim();
        var waiting = worker.Run(() =>
        {
            gate.Wait();
            return Thread.CurrentThread;
        });
        var queued = worker.Run(() => 2);

        worker.Dispose();
        worker.Dispose();
        var late = worker.Run(() => 3);
        gate.Set();

        Assert.Equal(2, await queued);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => late);
        Assert.True((await waiting).Join(TimeSpan.FromSeconds(30)));
        worker.Dispose();
    }

    [Fact]
    public async Task Thread_LosesNothing_WhenManyPostWhileItEnds()
    {
        for (int round = 0; round < 50; round++)
        {
            var worker = new WorkerThread("test");
            using var barrier = new Barrier(5);
            var posters = Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    barrier.SignalAndWait(TestContext.Current.CancellationToken);
                    return worker.Run(() => 1);
                },
                TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()).ToList();
            barrier.SignalAndWait(TestContext.Current.CancellationToken);
            worker.Dispose();

            foreach (var poster in posters)
            {
                await Task.WhenAny(poster).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
                Assert.True(poster.IsCompletedSuccessfully || poster.Exception!.InnerException is ObjectDisposedException);
            }
        }
    }

    [Fact]
    public async Task Turn_IsTakenOnTheThread_AndRefused_OnceThatHasEnded()
    {
        var worker = new WorkerThread("test");
        int thread = await worker.Run(() => Environment.CurrentManagedThreadId);

        int taken = await InTurn(worker, () => Environment.CurrentManagedThreadId, isInline: false);
        worker.Dispose();

        Assert.Equal(thread, taken);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => InTurn(worker, () => 1, isInline: false));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => InTurn(worker, () => 1));
    }

    private static async Task<T> InTurn<T>(WorkerThread worker, Func<T> work, bool isInline = true)
    {
        using var turn = await worker.Take(isInline);
        return work();
    }
}
