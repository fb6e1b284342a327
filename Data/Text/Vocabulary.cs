namespace Orleans.Tbptt.Data.Text;

/// <summary>A text has more different tokens than a vocabulary may have.</summary>
internal sealed class VocabularyFullException() : Exception("the vocabulary is full");

/// <summary>
/// The tokens of a text, numbered from 0 in order of first appearance, as in PyTorch's word_language_model, or as a file lists them.
/// </summary>
internal sealed class Vocabulary
{
    /// <summary>The token of what is in no vocabulary.</summary>
    public const string Unknown = "<unk>";

    /// <summary>The most tokens.</summary>
    public const int Most = 10_000_000;

    /// <summary>UTF-16 units of all tokens together, at most: 1 GiB of memory.</summary>
    public const long MostUnits = 1L << 29;

    /// <summary>The most tokens that a run's description lists.</summary>
    public const int MostListed = 100_000;

    private const long MostListedUnits = 4L << 20;

    private readonly int _most;
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly List<long> _counts = [];
    private long _units;

    /// <param name="most">The most tokens.</param>
    public Vocabulary(int most = Most)
    {
        _most = most;
        _lookup = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>How many different tokens.</summary>
    public int Count => _ids.Count;

    /// <summary>
    /// Whether it takes no further tokens: an unknown one is <see cref="Unknown"/>, or a mistake where there is no such token.
    /// </summary>
    public bool IsClosed { get; private set; }

    /// <summary>The number of a token, which is counted; -1 when a closed vocabulary has neither it nor <see cref="Unknown"/>.</summary>
    /// <exception cref="VocabularyFullException">It would be one too many.</exception>
    public int IdOf(ReadOnlySpan<char> token)
    {
        if (!_lookup.TryGetValue(token, out int id))
        {
            if (!IsClosed)
                id = Add(token.ToString());
            else if (!_ids.TryGetValue(Unknown, out id))
                return -1;
        }

        _counts[id]++;
        return id;
    }

    /// <summary>How often <see cref="Unknown"/> was met; 0 where there is no such token.</summary>
    public long UnknownCount => _ids.TryGetValue(Unknown, out int id) ? _counts[id] : 0;

    /// <summary>Whether it has a token.</summary>
    public bool Has(string token) => _ids.ContainsKey(token);

    /// <summary>Adds a token that it does not have.</summary>
    /// <exception cref="VocabularyFullException">It is one too many.</exception>
    public int Add(string token)
    {
        _units += token.Length;
        return _ids.Count < _most && _units <= MostUnits ? Append(token) : throw new VocabularyFullException();
    }

    /// <summary>Takes no further tokens from now on.</summary>
    public Vocabulary Close()
    {
        IsClosed = true;
        return this;
    }

    /// <summary>
    /// The closed vocabulary of the frequent tokens, in the same order, with <see cref="Unknown"/> as the last one where the text has
    /// none.
    /// </summary>
    /// <param name="minCount">Rarer tokens are left out.</param>
    /// <param name="most">How many are kept, the most frequent ones; of equally frequent ones the first. Null for all.</param>
    /// <param name="kept">A token that is kept, and not counted in <paramref name="most"/>.</param>
    /// <returns>The vocabulary, and the new number of each of this one's tokens.</returns>
    public (Vocabulary Frequent, int[] Map) Limit(int minCount, int? most, string kept)
    {
        string[] tokens = new string[Count];
        foreach ((string token, int id) in _ids)
            tokens[id] = token;
        bool IsSpecial(int id) => tokens[id] == kept || tokens[id] == Unknown;
        int[] frequent = [.. Enumerable.Range(0, Count).Where(id => !IsSpecial(id) && _counts[id] >= minCount)];
        if (most < frequent.Length)
            frequent = [.. frequent.OrderByDescending(id => _counts[id]).ThenBy(id => id).Take(most.Value)];
        var keep = new bool[Count];
        foreach (int id in frequent)
            keep[id] = true;

        var limited = new Vocabulary();
        var map = new int[Count];
        for (int id = 0; id < map.Length; id++)
            map[id] = keep[id] || IsSpecial(id) ? limited.Append(tokens[id]) : -1;
        int unknown = limited._ids.TryGetValue(Unknown, out int known) ? known : limited.Append(Unknown);
        for (int id = 0; id < map.Length; id++)
        {
            map[id] = map[id] < 0 ? unknown : map[id];
            limited._counts[map[id]] += _counts[id];
        }

        return (limited.Close(), map);
    }

    /// <summary>The tokens by their numbers, where they are few enough for a run's description; else none.</summary>
    public IReadOnlyList<string> Listed =>
        Count <= MostListed && _ids.Keys.Sum(token => (long)token.Length) <= MostListedUnits ? ToList() : [];

    /// <summary>The tokens by their numbers.</summary>
    public IReadOnlyList<string> ToList() => [.. _ids.OrderBy(pair => pair.Value).Select(pair => pair.Key)];

    private int Append(string token)
    {
        int id = _ids.Count;
        _ids.Add(token, id);
        _counts.Add(0);
        return id;
    }
}
