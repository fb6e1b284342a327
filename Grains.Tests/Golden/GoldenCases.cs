namespace Orleans.Tbptt.Tests.Golden;

/// <summary>Every case with one, two and three trainers, as far as it has lanes for them.</summary>
internal static class GoldenCases
{
    public static TheoryData<string, int> WithTrainers()
    {
        var cases = new TheoryData<string, int>();
        foreach (string name in GoldenCase.Names)
        {
            for (int trainers = 1; trainers <= Math.Min(3, GoldenCase.Load(name).Lanes); trainers++)
                cases.Add(name, trainers);
        }

        return cases;
    }
}
