namespace Orleans.Tbptt.Data.Sequences;

/// <summary>What several sources have in common: closed with the last of them.</summary>
/// <param name="parts">What is closed.</param>
internal sealed class SharedParts(params IReadOnlyList<IDisposable> parts)
{
    private int _shares;

    /// <summary>A share, to be disposed of by its source.</summary>
    public IDisposable Share()
    {
        Interlocked.Increment(ref _shares);
        return new One(this);
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref _shares) > 0)
            return;
        foreach (IDisposable part in parts)
            part.Dispose();
    }

    private sealed class One(SharedParts all) : IDisposable
    {
        private SharedParts? _all = all;

        public void Dispose() => Interlocked.Exchange(ref _all, null)?.Release();
    }
}
