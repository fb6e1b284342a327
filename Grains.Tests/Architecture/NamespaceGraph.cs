using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Orleans.Tbptt.Tests.Architecture;

/// <summary>Which namespaces of an assembly use which others of it: the arrows between the folders of a project.</summary>
internal sealed class NamespaceGraph
{
    private readonly Dictionary<string, HashSet<string>> _uses = [];

    /// <summary>
    /// Reads the arrows from base types, interfaces, signatures, fields and method bodies; generated serializers are left out.
    /// </summary>
    /// <param name="module">The assembly.</param>
    public NamespaceGraph(ModuleDefinition module)
    {
        foreach (var type in module.GetTypes().Where(type => IsOurs(NamespaceOf(type))))
        {
            string from = NamespaceOf(type);
            var uses = _uses.TryGetValue(from, out var known) ? known : _uses[from] = [];
            uses.UnionWith(Named(type).SelectMany(Parts).Where(used => used.Scope == module).Select(NamespaceOf)
                .Where(to => to != from && IsOurs(to)));
        }
    }

    /// <summary>A graph of given arrows.</summary>
    public NamespaceGraph(params (string From, string To)[] arrows)
    {
        foreach (var arrow in arrows.GroupBy(one => one.From))
            _uses[arrow.Key] = [.. arrow.Select(one => one.To)];
    }

    /// <summary>The namespaces.</summary>
    public IReadOnlyCollection<string> Namespaces => _uses.Keys;

    /// <summary>The circles: namespaces that reach one another, sorted; a namespace belongs to one circle at most.</summary>
    public IReadOnlyList<string[]> Circles()
    {
        var reached = _uses.Keys.ToDictionary(one => one, Reach);
        return
        [
            .. _uses.Keys.Where(one => reached[one].Contains(one))
                .Select(one => _uses.Keys.Where(other => reached[one].Contains(other) && reached[other].Contains(one))
                    .Order(StringComparer.Ordinal).ToArray())
                .DistinctBy(circle => circle[0]),
        ];
    }

    private HashSet<string> Reach(string from)
    {
        HashSet<string> seen = [];
        var left = new Stack<string>(_uses[from]);
        while (left.TryPop(out string? one))
        {
            if (!seen.Add(one))
                continue;
            foreach (string next in _uses.GetValueOrDefault(one) ?? [])
                left.Push(next);
        }

        return seen;
    }

    private static bool IsOurs(string name) => name.StartsWith("Orleans.Tbptt", StringComparison.Ordinal);

    private static string NamespaceOf(TypeReference type) => type.DeclaringType is { } outer ? NamespaceOf(outer) : type.Namespace;

    private static IEnumerable<TypeReference> Named(TypeDefinition type) =>
    [
        .. type.BaseType is { } parent ? [parent] : Array.Empty<TypeReference>(),
        .. type.Interfaces.Select(one => one.InterfaceType),
        .. type.Fields.Select(field => field.FieldType),
        .. type.Methods.SelectMany(method => method.Parameters.Select(parameter => parameter.ParameterType).Append(method.ReturnType)),
        .. type.Methods.Where(method => method.HasBody).SelectMany(method => method.Body.Variables)
            .Select(variable => variable.VariableType),
        .. type.Methods.Where(method => method.HasBody).SelectMany(method => method.Body.Instructions).SelectMany(Named),
    ];

    private static IEnumerable<TypeReference> Named(Instruction instruction) => instruction.Operand switch
    {
        TypeReference type => [type],
        GenericInstanceMethod method => [method.DeclaringType, .. method.GenericArguments],
        MemberReference { DeclaringType: { } declaring } => [declaring],
        _ => [],
    };

    private static IEnumerable<TypeReference> Parts(TypeReference? type) => type switch
    {
        GenericInstanceType generic => generic.GenericArguments.SelectMany(Parts).Append(generic.ElementType),
        TypeSpecification specification => Parts(specification.ElementType),
        GenericParameter or null => [],
        _ => [type],
    };
}
