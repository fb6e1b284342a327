using System.Collections.Concurrent;
using System.Diagnostics;
using Orleans.Tbptt.Grains.Checkpoints;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Steps;
using static Orleans.Tbptt.Tests.Grains.Checkpoints.CheckpointFixture;

namespace Orleans.Tbptt.Tests.Grains.Checkpoints;

/// <summary>A real file system of half a megabyte. Mounting one takes root; where CI is set, not being able to is a failure.</summary>
public sealed class DiskFullTests
{
    [Fact]
    public async Task FullDisk_StopsCheckpointsLoudly_LeavesNothingHalf_AndTheyContinueWhenThereIsRoom()
    {
        using var disk = new TinyDisk();
        using var run = new CheckpointFixture(root: disk.Path);
        run.Begin(1);
        var (written, failures) = (new ConcurrentQueue<WrittenCheckpoint>(), new ConcurrentQueue<string>());
        var schedule = new CheckpointSchedule(new() { EverySteps = 1, EverySeconds = 0 }, 0, run.Time);
        var state = new TrainingState(run.Spec);
        await using var writer = new CheckpointWriter(
            run.Store, Run, run.Spec, schedule, new(rename => rename(1), () => Task.CompletedTask, written.Enqueue, failures.Enqueue));

        Submit();
        Assert.Null(await writer.Flush());
        disk.Fill(leave: 8 << 10);
        Submit();
        string? problem = await writer.Flush();

        Assert.Contains("No space left on device", problem);
        Assert.Contains(run.Root, Assert.Single(failures));
        Assert.Equal(["1-1"], run.Entries);
        Assert.Empty(run.AssertRestores("1-1", 1).PassedOver);
        Assert.False(schedule.IsDue(3, writer.IsFree));

        // Even with not a byte to spare a trainer can be lost and placed again: the generation is taken without its content.
        disk.Fill(leave: 0);
        Assert.True(run.Runs.TryTakeGeneration(Run, 2));
        Assert.Equal(["1-1"], run.Candidates);

        disk.Empty();
        run.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.True(schedule.IsDue(3, writer.IsFree));
        Submit();
        Assert.Null(await writer.Flush());
        Assert.True(written.Last().WorksAgain);
        Assert.Equal(["1-1", "1-3"], run.Entries);

        void Submit()
        {
            States.Advance(state, 1);
            writer.Submit(state, About());
        }
    }

    private sealed class TinyDisk : IDisposable
    {
        private readonly TemporaryDirectory _directory = new();

        public TinyDisk()
        {
            bool mounted = OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess
                && Run("mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", Path);
            if (mounted)
                return;
            _directory.Dispose();
            Assert.False(Environment.GetEnvironmentVariable("CI") == "true",
                "cannot mount a tmpfs: run the tests as root, with CAP_SYS_ADMIN");
            Assert.Skip("mounting a small file system takes Linux and root");
        }

        public string Path => _directory.Path;

        private string Filler => _directory.File("filler");

        public void Fill(long leave)
        {
            Empty();
            long free = new DriveInfo(Path).AvailableFreeSpace;
            using var file = File.Create(Filler);
            file.Write(new byte[Math.Max(0, free - leave)]);
        }

        public void Empty() => File.Delete(Filler);

        public void Dispose()
        {
            Assert.True(Run("umount", Path));
            _directory.Dispose();
        }

        private static bool Run(string program, params string[] arguments)
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
    }
}
