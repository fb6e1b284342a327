using Mono.Cecil;

namespace Orleans.Tbptt.Tests.Architecture;

/// <summary>The shape of the projects: folders without circles, constructors that can be read.</summary>
public sealed class StructureTests
{
    private const int MaxParameters = 8;

    public static TheoryData<string> All => [.. Assemblies.All];

    [Theory, MemberData(nameof(All))]
    public void Folders_FormNoCircle(string assembly)
    {
        using var module = Assemblies.Read(assembly);
        var graph = new NamespaceGraph(module);

        Assert.NotEmpty(graph.Namespaces);
        Assert.Empty(graph.Circles().Select(circle => string.Join(" - ", circle)));
    }

    [Fact]
    public void Circle_IsFound_AlsoOverOthers()
    {
        var graph = new NamespaceGraph(("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e"), ("x", "y"), ("y", "x"));

        Assert.Equal([["a", "b", "c"], ["x", "y"]], graph.Circles());
        Assert.Empty(new NamespaceGraph(("a", "b"), ("b", "c"), ("a", "c")).Circles());
    }

    /// <summary>Records are exempt: they are plain data, written with names.</summary>
    [Theory, MemberData(nameof(All))]
    public void Constructors_HaveAtMostEightParameters(string assembly)
    {
        using var module = Assemblies.Read(assembly);

        var found = from type in module.GetTypes()
                    where type.Namespace.StartsWith("Orleans.Tbptt", StringComparison.Ordinal) && !IsRecord(type)
                    from method in type.Methods
                    where method.IsConstructor && method.Parameters.Count > MaxParameters
                    select $"{type.FullName} has a constructor with {method.Parameters.Count} parameters";

        Assert.Empty(found);
    }

    private static bool IsRecord(TypeDefinition type) => type.Methods.Any(method => method.Name is "<Clone>$" or "PrintMembers");
}
