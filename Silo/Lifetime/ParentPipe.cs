namespace Orleans.Tbptt.Silo.Lifetime;

/// <summary>
/// The pipe that the console holds while it lives. However the console ends, even by kill -9, the kernel closes the pipe.
/// </summary>
internal static class ParentPipe
{
    /// <summary>Calls <paramref name="ended"/> once, on a separate thread, when <paramref name="pipe"/> is at its end.</summary>
    public static void Watch(Stream pipe, Action ended)
    {
        void Drain()
        {
            Span<byte> ignored = stackalloc byte[64];
            try
            {
                while (pipe.Read(ignored) > 0)
                    continue;
            }
            catch (IOException)
            {
                // A pipe that cannot be read counts as ended.
            }

            ended();
        }

        // A blocking read must not occupy the thread pool, and a background thread does not keep the process alive.
        new Thread(Drain) { IsBackground = true, Name = "parent pipe" }.Start();
    }
}
