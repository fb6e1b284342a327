namespace Orleans.Tbptt.Silo.Lifetime;

/// <summary>
/// The pipe that the console holds as long as it lives. However the console ends, by kill -9 too, the kernel closes the pipe.
/// </summary>
internal static class ParentPipe
{
    /// <summary>Calls <paramref name="ended"/> once, from a thread of its own, when <paramref name="pipe"/> is at its end.</summary>
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
                // A pipe that cannot be read says as much as one that has ended.
            }

            ended();
        }

        // A blocking read belongs to no pool; a background thread does not keep the process.
        new Thread(Drain) { IsBackground = true, Name = "parent pipe" }.Start();
    }
}
