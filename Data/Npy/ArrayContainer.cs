using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Npy;

/// <summary>A file of several arrays, or one of its arrays, cannot be read.</summary>
internal sealed class ArrayContainerException(string found, string expected, string remedy) : Exception
{
    public override string Message => found;

    public string Found => found;

    public string Expected => expected;

    public string Remedy => remedy;
}

/// <summary>A file in which arrays lie under names.</summary>
internal abstract class ArrayContainer : IDisposable
{
    /// <summary>The names of the arrays; of very many the first.</summary>
    /// <exception cref="ArrayContainerException">The file is damaged.</exception>
    public abstract IReadOnlyList<string> Listed { get; }

    /// <summary>The names for messages.</summary>
    public string Names
    {
        get
        {
            try
            {
                return Listed.Count == 0 ? "it has none" : Wording.List(Listed);
            }
            catch (ArrayContainerException)
            {
                return "its list of names is damaged";
            }
        }
    }

    /// <summary>Whether it has an array of that name.</summary>
    /// <exception cref="ArrayContainerException">The file is damaged.</exception>
    public abstract bool Has(string name);

    /// <summary>Opens an array; null, with a problem, where it is none that can be read.</summary>
    /// <exception cref="ArrayContainerException">The array is damaged, or of a kind that cannot be read.</exception>
    /// <exception cref="Tables.TemporaryFileException">It is large, and there is no room for it on disk.</exception>
    public abstract NpyArray? TryOpen(string name, ProblemList problems);

    public abstract void Dispose();
}
