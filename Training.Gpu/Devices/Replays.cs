namespace Orleans.Tbptt.Training.Gpu.Devices;

/// <summary>
/// Knows the lists of commands that have run: one that comes a second time is made into something that runs faster, and replayed from then
/// on. The same list has the same sizes and addresses, so what was made of it does the same.
/// </summary>
/// <param name="make">Makes it of a list, which stays as it is; null where nothing can be made of it.</param>
/// <param name="release">Gives back what was made.</param>
/// <typeparam name="T">What is made.</typeparam>
internal sealed class Replays<T>(Func<CommandList, T?> make, Action<T> release) where T : class
{
    // Of training, of evaluation, of parameters, each of a whole chunk and of a shorter one at the end of a sequence, and each of
    // parameters in two places: where several replicas share them, those of one step and those of the next one take turns.
    private const int Most = 16;

    private readonly List<Entry> _entries = [];

    /// <summary>How many lists were replayed.</summary>
    public int Count { get; private set; }

    /// <summary>What replays a list; null where it is to be run as it is.</summary>
    public T? Find(CommandList list)
    {
        int at = _entries.FindIndex(entry => entry.List.IsSameAs(list));
        if (at < 0)
        {
            if (_entries.Count == Most)
                Forget(0);
            _entries.Add(new(list.Copy()));
            return null;
        }

        // The last one to be forgotten.
        var known = _entries[at];
        _entries.RemoveAt(at);
        _entries.Add(known);
        if (!known.IsMade)
            (known.Made, known.IsMade) = (make(known.List), true);
        Count += known.Made is null ? 0 : 1;
        return known.Made;
    }

    /// <summary>Gives back what was made of a list, which is run as it is from then on.</summary>
    public void Drop(T made)
    {
        var known = _entries.Single(entry => entry.Made == made);
        release(made);
        known.Made = null;
        Count--;
    }

    /// <summary>Gives back what was made.</summary>
    public void Clear()
    {
        while (_entries.Count > 0)
            Forget(_entries.Count - 1);
    }

    private void Forget(int at)
    {
        if (_entries[at].Made is { } made)
            release(made);
        _entries.RemoveAt(at);
    }

    private sealed class Entry(CommandList list)
    {
        public CommandList List => list;

        public T? Made { get; set; }

        public bool IsMade { get; set; }
    }
}
