namespace Orleans.Tbptt.Silo.Lifetime;

/// <summary>
/// The pipe that the console sends its calls through, and holds while it lives. However the console ends, even by kill -9, the kernel
/// closes the pipe.
/// </summary>
internal sealed class ParentPipe
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Action<string>? _take;

    /// <summary>Completes at the pipe's end.</summary>
    public Task Ended => _ended.Task;

    /// <summary>
    /// Passes every further line to <paramref name="take"/>. Earlier lines are ignored; the console sends none before the ready line.
    /// </summary>
    public void PassTo(Action<string> take) => _take = take;

    /// <summary>Reads <paramref name="pipe"/> and calls <paramref name="ended"/> once at its end, both on a separate thread.</summary>
    public static ParentPipe Watch(Stream pipe, Action ended)
    {
        var parent = new ParentPipe();

        // A blocking read must not occupy the thread pool, and a background thread does not keep the process alive.
        new Thread(Read) { IsBackground = true, Name = "parent pipe" }.Start();
        return parent;

        void Read()
        {
            try
            {
                using var reader = new StreamReader(pipe);
                while (reader.ReadLine() is { } line)
                    parent._take?.Invoke(line);
            }
            catch (IOException)
            {
                // A pipe that cannot be read counts as ended.
            }

            parent._ended.TrySetResult();
            ended();
        }
    }
}
