using System.Runtime.InteropServices;
using Orleans.Tbptt.Training.Gpu.Code;

namespace Orleans.Tbptt.Training.Gpu.Devices;

/// <summary>
/// What a device is to do for a chunk, written down: a value, which may be compared with another one and run as often as wanted.
/// </summary>
internal sealed class CommandList : ICommands
{
    private readonly List<Command> _commands = [];
    private readonly List<Argument> _arguments = [];
    private int _branch;

    private enum Kind
    {
        CopyIn,
        CopyOut,
        Copy,
        Clear,
        Launch,
        Join,
    }

    /// <summary>How many commands.</summary>
    public int Count => _commands.Count;

    /// <summary>How many branches it has, those between that it does not use included.</summary>
    public int Branches => _commands.Count == 0 ? 1 : 1 + _commands.Max(one => one.Branch);

    /// <summary>The kernels that it launches.</summary>
    public IEnumerable<KernelCode> Kernels => _commands.Select(command => command.Kernel).OfType<KernelCode>();

    /// <summary>The last launch; null where there is none.</summary>
    public LaunchShape? LastLaunch => _commands.FindLast(command => command.Kernel is not null) is { Kernel: { } kernel } last
        ? new(kernel.Name, last.X, last.Y, last.Threads) : null;

    /// <summary>Begins a new list.</summary>
    public void Reset()
    {
        _commands.Clear();
        _arguments.Clear();
        _branch = 0;
    }

    /// <summary>A copy that stays as it is.</summary>
    public CommandList Copy()
    {
        var copy = new CommandList();
        copy._commands.AddRange(_commands);
        copy._arguments.AddRange(_arguments);
        return copy;
    }

    /// <summary>Whether another list has the same commands: kernels, sizes, addresses and every argument.</summary>
    public bool IsSameAs(CommandList other) =>
        CollectionsMarshal.AsSpan(_commands).SequenceEqual(CollectionsMarshal.AsSpan(other._commands))
        && CollectionsMarshal.AsSpan(_arguments).SequenceEqual(CollectionsMarshal.AsSpan(other._arguments));

    /// <summary>Hands every command on, in order.</summary>
    public void Run(ICommands to)
    {
        int number = 0;
        Run(to, ref number);
    }

    /// <summary>The same.</summary>
    /// <param name="to">Takes the commands.</param>
    /// <param name="number">Becomes the number of each command, from 1, before it is handed on.</param>
    public void Run(ICommands to, ref int number)
    {
        int branch = 0;
        foreach (var one in CollectionsMarshal.AsSpan(_commands))
        {
            number++;
            if (one.Branch != branch)
                to.Branch(branch = one.Branch);
            Run(one, to);
        }
    }

    /// <summary>
    /// Hands every command on in another order that the joins allow: of the branches that can continue always the first one, or the last
    /// one. Where the result depends on that, a join is missing.
    /// </summary>
    public void RunInOtherOrder(ICommands to, bool lastFirst)
    {
        var ofBranch = _commands.GroupBy(one => one.Branch).OrderBy(group => lastFirst ? -group.Key : group.Key)
            .ToDictionary(group => group.Key, group => new Queue<Command>(group));
        var done = ofBranch.Keys.ToDictionary(branch => branch, _ => 0);
        while (ofBranch.Values.Any(commands => commands.Count > 0))
        {
            var next = ofBranch.Values.First(commands => commands.TryPeek(out var one)
                && (one.Kind != Kind.Join || done.GetValueOrDefault((int)one.From) >= one.Bytes)).Dequeue();
            done[next.Branch]++;
            Run(next, to);
        }
    }

    private void Run(Command one, ICommands to)
    {
        switch (one.Kind)
        {
            case Kind.Join:
                to.Join((int)one.From, (int)one.To);
                break;
            case Kind.CopyIn:
                to.CopyIn(one.From, one.To, one.Bytes);
                break;
            case Kind.CopyOut:
                to.CopyOut(one.From, one.To, one.Bytes);
                break;
            case Kind.Copy:
                to.Copy(one.From, one.To, one.Bytes);
                break;
            case Kind.Clear:
                to.Clear(one.To, one.Bytes);
                break;
            default:
                to.Launch(
                    one.Kernel!, one.X, one.Y, one.Threads,
                    CollectionsMarshal.AsSpan(_arguments).Slice(one.FirstArgument, one.Kernel!.Parameters.Count));
                break;
        }
    }

    /// <inheritdoc/>
    public void Branch(int branch) => _branch = branch;

    /// <inheritdoc/>
    public void Join(int from, int to)
    {
        // Behind so many commands of the other branch.
        if (from != to)
            _commands.Add(new(Kind.Join, to, from, to, _commands.Count(one => one.Branch == from)));
    }

    /// <inheritdoc/>
    public void CopyIn(nint host, nint to, long bytes) => _commands.Add(new(Kind.CopyIn, _branch, host, to, bytes));

    /// <inheritdoc/>
    public void CopyOut(nint from, nint host, long bytes) => _commands.Add(new(Kind.CopyOut, _branch, from, host, bytes));

    /// <inheritdoc/>
    public void Copy(nint from, nint to, long bytes) => _commands.Add(new(Kind.Copy, _branch, from, to, bytes));

    /// <inheritdoc/>
    public void Clear(nint address, long bytes) => _commands.Add(new(Kind.Clear, _branch, 0, address, bytes));

    /// <inheritdoc/>
    public void Launch(KernelCode kernel, int x, int y, int threads, params ReadOnlySpan<Argument> arguments)
    {
        if (arguments.Length != kernel.Parameters.Count)
            throw new ArgumentException($"kernel {kernel.Name}: {arguments.Length} arguments, expected {kernel.Parameters.Count}");
        _commands.Add(new(Kind.Launch, _branch, 0, 0, 0, kernel, x, y, threads, _arguments.Count));
        _arguments.AddRange(arguments);
    }

    private readonly record struct Command(
        Kind Kind, int Branch, nint From, nint To, long Bytes, KernelCode? Kernel = null, int X = 0, int Y = 0, int Threads = 0,
        int FirstArgument = 0);
}
