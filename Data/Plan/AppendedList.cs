namespace Orleans.Tbptt.Data.Plan;

/// <summary>
/// Numbers to which one thread appends while others read those that they know of: what was appended never changes, and moves to a larger
/// array before more is.
/// </summary>
internal sealed class AppendedList
{
    private long[] _items = new long[4];

    /// <summary>How many there are; asked by the thread that appends.</summary>
    public int Count { get; private set; }

    /// <summary>One of them.</summary>
    public long this[int index] => Volatile.Read(ref _items)[index];

    /// <summary>Appends one.</summary>
    public void Add(long item)
    {
        if (Count == _items.Length)
        {
            var larger = new long[2 * Count];
            _items.CopyTo(larger, 0);
            Volatile.Write(ref _items, larger);
        }

        _items[Count++] = item;
    }

    /// <summary>Where a number stands among the first ones, which rise; negative where it does not.</summary>
    /// <param name="item">The number.</param>
    /// <param name="count">How many are looked at.</param>
    public int Find(long item, int count) => Array.BinarySearch(Volatile.Read(ref _items), 0, count, item);
}
